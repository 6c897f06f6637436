<?php
// Keeps an uploaded file under its name in uploads/.
$file = $_FILES['file'] ?? ['error' => -1];
$isKept = $file['error'] === UPLOAD_ERR_OK
    && move_uploaded_file($file['tmp_name'], __DIR__ . '/uploads/' . basename($file['name']));
http_response_code($isKept ? 201 : 422);
header('Content-Type: application/json');
echo json_encode(['error' => $file['error'], 'size' => $file['size'] ?? 0]);
