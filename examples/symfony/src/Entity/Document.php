<?php

namespace App\Entity;

use App\Repository\DocumentRepository;
use Doctrine\ORM\Mapping as ORM;
use Symfony\Component\Validator\Constraints as Assert;

#[ORM\Entity(repositoryClass: DocumentRepository::class)]
class Document
{
    #[ORM\Id, ORM\GeneratedValue, ORM\Column]
    public ?int $id = null;

    #[ORM\Column(length: 120)]
    #[Assert\NotBlank]
    #[Assert\Length(min: 3, max: 120)]
    public ?string $title = null;

    #[ORM\Column(type: 'text')]
    public ?string $description = '';

    /** Name below the upload directory; null while there is no file. */
    #[ORM\Column(nullable: true)]
    public ?string $file = null;

    #[ORM\Column(nullable: true)]
    public ?string $originalName = null;

    #[ORM\Column]
    public \DateTimeImmutable $createdAt;

    #[ORM\ManyToOne]
    #[ORM\JoinColumn(nullable: false)]
    public User $author;

    public function __construct(User $author)
    {
        $this->author = $author;
        $this->createdAt = new \DateTimeImmutable();
    }
}
