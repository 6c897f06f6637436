<?php

namespace App\Policies;

use App\Models\Task;
use App\Models\User;

final class TaskPolicy
{
    public function own(User $user, Task $task): bool
    {
        return $task->user_id === $user->id;
    }
}
