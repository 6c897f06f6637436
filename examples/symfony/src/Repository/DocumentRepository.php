<?php

namespace App\Repository;

use App\Entity\Document;
use Doctrine\Bundle\DoctrineBundle\Repository\ServiceEntityRepository;
use Doctrine\Persistence\ManagerRegistry;

/** @extends ServiceEntityRepository<Document> */
final class DocumentRepository extends ServiceEntityRepository
{
    public function __construct(ManagerRegistry $registry)
    {
        parent::__construct($registry, Document::class);
    }

    /** @return list<Document> */
    public function search(string $words): array
    {
        return $this->createQueryBuilder('d')
            ->innerJoin('d.author', 'a')->addSelect('a')
            ->where('LOWER(d.title) LIKE :words')
            ->setParameter('words', '%' . mb_strtolower($words) . '%')
            ->orderBy('d.id', 'DESC')
            ->getQuery()->getResult();
    }
}
