@extends('layout')
@section('title', 'Register')
@section('body')
    <h1>Register</h1>
    <form id="register" method="post">
        @csrf
        <label>Name <input name="name" value="{{ old('name') }}"></label>
        <label>E-mail <input type="email" name="email" value="{{ old('email') }}"></label>
        <label>Password <input type="password" name="password"></label>
        <label>Again <input type="password" name="password_confirmation"></label>
        <button>Register</button>
    </form>
@endsection
