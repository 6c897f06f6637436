<?php

use App\Models\Task;
use Illuminate\Support\Facades\Artisan;

Artisan::command('tasks:purge', function (): void {
    $this->info(Task::where('done', true)->delete().' tasks removed');
})->purpose('Removes the tasks that are done');
