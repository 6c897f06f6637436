<?php

namespace App\Controller;

use App\Entity\Document;
use App\Entity\User;
use App\Form\DocumentType;
use App\Repository\DocumentRepository;
use Doctrine\ORM\EntityManagerInterface;
use Symfony\Bundle\FrameworkBundle\Controller\AbstractController;
use Symfony\Component\HttpFoundation\BinaryFileResponse;
use Symfony\Component\HttpFoundation\JsonResponse;
use Symfony\Component\HttpFoundation\Request;
use Symfony\Component\HttpFoundation\Response;
use Symfony\Component\HttpFoundation\ResponseHeaderBag;
use Symfony\Component\HttpFoundation\StreamedResponse;
use Symfony\Component\Routing\Attribute\Route;
use Symfony\Component\Security\Http\Attribute\CurrentUser;

final class DocumentController extends AbstractController
{
    public function __construct(
        private readonly DocumentRepository $documents,
        private readonly string $uploadDir,
    ) {
    }

    #[Route('/', name: 'documents', methods: ['GET'])]
    public function index(Request $request): Response
    {
        $session = $request->getSession();
        $session->set('visits', $session->get('visits', 0) + 1);

        return $this->render('document/index.html.twig', [
            'documents' => $this->documents->search($request->query->getString('q')),
            'visits' => $session->get('visits'),
        ]);
    }

    #[Route('/documents/new', name: 'document_new', methods: ['GET', 'POST'])]
    public function create(
        Request $request,
        EntityManagerInterface $entities,
        #[CurrentUser] User $user,
    ): Response {
        $document = new Document($user);
        $form = $this->createForm(DocumentType::class, $document);
        $form->handleRequest($request);
        if (!$form->isSubmitted() || !$form->isValid()) {
            return $this->render('document/new.html.twig', ['form' => $form]);
        }
        $upload = $form->get('upload')->getData();
        if ($upload) {
            $document->originalName = $upload->getClientOriginalName();
            $document->file = bin2hex(random_bytes(8));
            $upload->move($this->uploadDir, $document->file);
        }
        $entities->persist($document);
        $entities->flush();
        $this->addFlash('notice', sprintf('Saved “%s”.', $document->title));

        return $this->redirectToRoute('document', ['id' => $document->id], Response::HTTP_SEE_OTHER);
    }

    #[Route('/documents/{id<\d+>}', name: 'document', methods: ['GET'])]
    public function show(Document $document): Response
    {
        return $this->render('document/show.html.twig', ['document' => $document]);
    }

    #[Route('/documents/{id<\d+>}/file', name: 'document_file', methods: ['GET'])]
    public function download(Document $document): BinaryFileResponse
    {
        if (null === $document->file) {
            throw $this->createNotFoundException('This document has no file.');
        }
        $path = "{$this->uploadDir}/{$document->file}";
        $attachment = ResponseHeaderBag::DISPOSITION_ATTACHMENT;

        return $this->file($path, $document->originalName, $attachment);
    }

    #[Route('/documents.csv', name: 'document_export', methods: ['GET'])]
    public function export(): StreamedResponse
    {
        return new StreamedResponse(function (): void {
            $out = fopen('php://output', 'w');
            fputcsv($out, ['id', 'title', 'author'], escape: '');
            foreach ($this->documents->search('') as $document) {
                $author = $document->author->getUserIdentifier();
                fputcsv($out, [$document->id, $document->title, $author], escape: '');
                flush();
            }
        }, 200, ['Content-Type' => 'text/csv; charset=utf-8']);
    }

    #[Route('/api/documents', name: 'api_documents', methods: ['GET'])]
    public function api(): JsonResponse
    {
        $rows = array_map(static fn (Document $document): array => [
            'id' => $document->id,
            'title' => $document->title,
            'createdAt' => $document->createdAt->format(\DATE_ATOM),
        ], $this->documents->search(''));

        return $this->json($rows);
    }

    #[Route('/admin', name: 'admin', methods: ['GET'])]
    public function admin(): Response
    {
        return new Response(sprintf('%d documents', count($this->documents->search(''))));
    }
}
