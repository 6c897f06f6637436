@extends('layout')
@section('body')
    <h1>Tasks</h1>
    <form id="task" method="post" action="{{ route('tasks.store') }}" enctype="multipart/form-data">
        @csrf
        <input name="title" value="{{ old('title') }}">
        <input type="file" name="attachment">
        <button>Add</button>
    </form>
    <ul>
        @forelse ($tasks as $task)
            <li><a href="{{ route('tasks.show', $task) }}">{{ $task->title }}</a></li>
        @empty
            <li>Nothing to do.</li>
        @endforelse
    </ul>
    {{ $tasks->links() }}
@endsection
