<?php
switch ($_GET['how'] ?? '') {
    case 'line':
        header('HTTP/1.1 418 I am a teapot');
        break;
    case 'line-then-200':
        header('HTTP/1.1 404 Nope');
        @http_response_code(200);
        break;
    case 'old-line':
        header('HTTP/1.0 404 Not Found');
        break;
    case 'status-header':
        header('Status: 410 Gone');
        break;
    case 'code':
        http_response_code(503);
        break;
    case 'third-argument':
        header('X-Reason: full', true, 507);
        break;
    case 'unknown-code':
        http_response_code(299);
        break;
    case 'redirect':
        header('Location: /elsewhere?a=b');
        break;
    case 'redirect-308':
        header('Location: http://example.org/', true, 308);
        break;
    case 'created':
        http_response_code(201);
        header('Location: /thing/1');
        break;
    case 'no-content':
        http_response_code(204);
        exit;
    case 'not-modified':
        header('ETag: "x"');
        http_response_code(304);
        exit;
    case 'authenticate':
        header('WWW-Authenticate: Basic realm="here"');
        http_response_code(401);
        break;
}
echo 'status ', http_response_code();
