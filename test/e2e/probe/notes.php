<?php
// A database: a POST adds a line, every answer lists all of them.
$database = new PDO('sqlite:' . __DIR__ . '/data/notes.sqlite');
$database->exec('CREATE TABLE IF NOT EXISTS note (text TEXT)');
if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    $database->prepare('INSERT INTO note VALUES (?)')->execute([$_POST['text']]);
}
header('Content-Type: application/json');
echo json_encode($database->query('SELECT text FROM note ORDER BY rowid')->fetchAll(PDO::FETCH_COLUMN));
