<?php

namespace App\Http\Controllers;

use App\Jobs\HashAttachment;
use App\Models\Task;
use Illuminate\Contracts\View\View;
use Illuminate\Http\JsonResponse;
use Illuminate\Http\RedirectResponse;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Gate;
use Illuminate\Support\Facades\Storage;

final class TaskController
{
    public function index(Request $request): View
    {
        return view('tasks.index', [
            'tasks' => $request->user()->tasks()->latest('id')->paginate(10),
        ]);
    }

    public function store(Request $request): RedirectResponse
    {
        $fields = $request->validate([
            'title' => ['required', 'min:3', 'max:120'],
            'attachment' => ['nullable', 'file', 'max:65536'],
        ]);
        $path = $request->file('attachment')?->store('attachments', 'public');
        $task = $request->user()->tasks()->create([
            'title' => $fields['title'],
            'attachment' => $path,
        ]);
        if ($path !== null) {
            HashAttachment::dispatch($task);
        }

        return redirect()->route('tasks.show', $task)->with('status', 'Task saved.');
    }

    public function show(Task $task): View
    {
        Gate::authorize('own', $task);

        return view('tasks.show', ['task' => $task]);
    }

    public function update(Request $request, Task $task): RedirectResponse
    {
        Gate::authorize('own', $task);
        $task->update(['done' => $request->boolean('done')]);

        return redirect()->route('tasks.show', $task)->with('status', 'Task changed.');
    }

    public function destroy(Task $task): RedirectResponse
    {
        Gate::authorize('own', $task);
        if ($task->attachment !== null) {
            Storage::disk('public')->delete($task->attachment);
        }
        $task->delete();

        return redirect()->route('tasks.index')->with('status', 'Task removed.');
    }

    public function api(Request $request): JsonResponse
    {
        return response()->json($request->user()->tasks()->latest('id')->paginate(5));
    }
}
