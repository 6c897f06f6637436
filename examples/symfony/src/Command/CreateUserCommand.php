<?php

namespace App\Command;

use App\Entity\User;
use Doctrine\ORM\EntityManagerInterface;
use Symfony\Component\Console\Attribute\Argument;
use Symfony\Component\Console\Attribute\AsCommand;
use Symfony\Component\Console\Attribute\Option;
use Symfony\Component\Console\Command\Command;
use Symfony\Component\Console\Style\SymfonyStyle;
use Symfony\Component\PasswordHasher\Hasher\UserPasswordHasherInterface;

#[AsCommand('app:user:create', 'Creates a user; the password is asked when it is not given.')]
final class CreateUserCommand
{
    public function __construct(
        private readonly EntityManagerInterface $entities,
        private readonly UserPasswordHasherInterface $hasher,
    ) {
    }

    public function __invoke(
        SymfonyStyle $io,
        #[Argument] string $email,
        #[Argument] ?string $password = null,
        #[Option] bool $admin = false,
    ): int {
        $password ??= $io->askHidden('Password');
        if (null === $password || '' === $password) {
            $io->error('A user needs a password.');

            return Command::INVALID;
        }
        $user = new User($email, $admin ? ['ROLE_ADMIN'] : []);
        $user->setPassword($this->hasher->hashPassword($user, $password));
        $this->entities->persist($user);
        $this->entities->flush();
        $io->success("Created $email.");

        return Command::SUCCESS;
    }
}
