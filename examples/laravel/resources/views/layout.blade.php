<!doctype html>
<html lang="{{ str_replace('_', '-', app()->getLocale()) }}">
<head>
    <meta charset="utf-8">
    <title>@yield('title', config('app.name'))</title>
</head>
<body>
    @auth
        <form id="logout" method="post" action="{{ route('logout') }}">
            @csrf
            {{ auth()->user()->name }} <button>Log out</button>
        </form>
    @endauth
    @if (session('status'))
        <p class="status">{{ session('status') }}</p>
    @endif
    @foreach ($errors->all() as $error)
        <p class="error">{{ $error }}</p>
    @endforeach
    @yield('body')
</body>
</html>
