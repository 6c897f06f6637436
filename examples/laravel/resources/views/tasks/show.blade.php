@extends('layout')
@section('title', $task->title)
@section('body')
    <h1>{{ $task->title }}</h1>
    <p>{{ $task->done ? 'Done' : 'Open' }}</p>
    @if ($task->attachment)
        <a href="/storage/{{ $task->attachment }}">Attachment</a>
        <code>{{ $task->checksum ?? 'not hashed yet' }}</code>
    @endif
    <form id="change" method="post" action="{{ route('tasks.update', $task) }}">
        @csrf
        @method('PATCH')
        <input type="hidden" name="done" value="{{ $task->done ? '0' : '1' }}">
        <button>{{ $task->done ? 'Open again' : 'Done' }}</button>
    </form>
    <form id="remove" method="post" action="{{ route('tasks.destroy', $task) }}">
        @csrf
        @method('DELETE')
        <button>Remove</button>
    </form>
@endsection
