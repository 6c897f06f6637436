<?php

// What is not named here has Laravel's own defaults. APP_KEY comes from the environment.
return [
    'name' => 'Task board',
];
