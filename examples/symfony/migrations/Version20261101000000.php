<?php

namespace DoctrineMigrations;

use Doctrine\DBAL\Schema\Schema;
use Doctrine\DBAL\Types\Types;
use Doctrine\Migrations\AbstractMigration;

final class Version20261101000000 extends AbstractMigration
{
    public function getDescription(): string
    {
        return 'Users and their documents';
    }

    public function up(Schema $schema): void
    {
        $user = $schema->createTable('app_user');
        $user->addColumn('id', Types::INTEGER, ['autoincrement' => true]);
        $user->addColumn('email', Types::STRING, ['length' => 180]);
        $user->addColumn('roles', Types::JSON);
        $user->addColumn('password', Types::STRING, ['length' => 255]);
        $user->setPrimaryKey(['id']);
        $user->addUniqueIndex(['email']);

        $document = $schema->createTable('document');
        $document->addColumn('id', Types::INTEGER, ['autoincrement' => true]);
        $document->addColumn('author_id', Types::INTEGER);
        $document->addColumn('title', Types::STRING, ['length' => 120]);
        $document->addColumn('description', Types::TEXT);
        $document->addColumn('file', Types::STRING, ['length' => 255, 'notnull' => false]);
        $document->addColumn('original_name', Types::STRING, ['length' => 255, 'notnull' => false]);
        $document->addColumn('created_at', Types::DATETIME_IMMUTABLE);
        $document->setPrimaryKey(['id']);
        $document->addForeignKeyConstraint('app_user', ['author_id'], ['id']);
    }

    public function down(Schema $schema): void
    {
        $schema->dropTable('document');
        $schema->dropTable('app_user');
    }
}
