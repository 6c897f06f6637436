<?php

namespace App\Console\Commands;

use App\Models\User;
use Illuminate\Console\Command;

final class ReportTasks extends Command
{
    protected $signature = 'tasks:report {--json : Print JSON}';

    protected $description = 'Counts open and finished tasks of each user';

    public function handle(): int
    {
        $rows = User::withCount([
            'tasks as open' => fn ($tasks) => $tasks->where('done', false),
            'tasks as done' => fn ($tasks) => $tasks->where('done', true),
        ])->orderBy('email')->get()->map->only('email', 'open', 'done')->all();
        if ($this->option('json')) {
            $this->line(json_encode($rows));
        } else {
            $this->table(['User', 'Open', 'Done'], $rows);
        }

        return self::SUCCESS;
    }
}
