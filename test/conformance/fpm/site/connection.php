<?php
echo json_encode([connection_status(), connection_aborted(), ignore_user_abort(),
    ini_get('max_execution_time'), ini_get('max_input_time'), ini_get('html_errors'),
    ini_get('variables_order'), ini_get('request_order'), ini_get('register_argc_argv'),
    ini_get('auto_globals_jit'),
    ini_get('short_open_tag'), ini_get('default_charset'), ini_get('zend.assertions'),
    ini_get('session.use_strict_mode'), ini_get('session.gc_probability')]);
