@extends('layout')
@section('title', 'Log in')
@section('body')
    <h1>Log in</h1>
    <form id="login" method="post">
        @csrf
        <label>E-mail <input type="email" name="email" value="{{ old('email') }}"></label>
        <label>Password <input type="password" name="password"></label>
        <label><input type="checkbox" name="remember"> Remember me</label>
        <button>Log in</button>
    </form>
    <a href="{{ route('register') }}">Register</a>
@endsection
