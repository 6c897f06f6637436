<?php
echo 'index of a directory: ', $_SERVER['SCRIPT_NAME'], ' ', getcwd() === __DIR__ ? 'in it' : getcwd();
