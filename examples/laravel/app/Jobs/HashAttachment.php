<?php

namespace App\Jobs;

use App\Models\Task;
use Illuminate\Contracts\Queue\ShouldQueue;
use Illuminate\Foundation\Queue\Queueable;
use Illuminate\Support\Facades\Storage;

final class HashAttachment implements ShouldQueue
{
    use Queueable;

    public function __construct(public Task $task)
    {
    }

    public function handle(): void
    {
        $path = Storage::disk('public')->path($this->task->attachment);
        $this->task->update(['checksum' => hash_file('sha256', $path)]);
    }
}
