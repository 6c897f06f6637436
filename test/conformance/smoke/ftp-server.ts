import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

export interface FtpServer {
  /** `127.0.0.1:PORT` */
  address: string;
  stop(): Promise<void>;
}

/** A passive-mode FTP server whose files live in memory: enough for ext/ftp and ftp://. */
export async function startFtpServer(): Promise<FtpServer> {
  const files = new Map<string, Buffer>();
  const sessions = new Set<FtpSession>();
  const server = createServer((socket) => {
    const session = new FtpSession(socket, files);
    sessions.add(session);
    socket.on('close', () => sessions.delete(session));
  });
  const port = await listen(server);
  return {
    address: `127.0.0.1:${port}`,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.end();
      }),
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

class FtpSession {
  readonly #control: Socket;
  readonly #files: Map<string, Buffer>;
  #passive: Server | undefined;
  #data: Promise<Socket> | undefined;
  #user = '';

  constructor(control: Socket, files: Map<string, Buffer>) {
    this.#control = control;
    this.#files = files;
    control.on('error', () => control.destroy());
    void this.#serve();
  }

  end(): void {
    this.#passive?.close();
    this.#control.destroy();
  }

  #say(line: string): void {
    this.#control.write(`${line}\r\n`);
  }

  async #serve(): Promise<void> {
    this.#say('220 ready');
    const lines = createInterface({ input: this.#control });
    lines.on('error', () => lines.close());
    for await (const line of lines) {
      const blank = line.indexOf(' ');
      const verb = (blank < 0 ? line : line.slice(0, blank)).toUpperCase();
      const argument = blank < 0 ? '' : line.slice(blank + 1);
      if (verb === 'PASV' || verb === 'EPSV') await this.#listenForData(verb);
      else if (verb in transfers) await this.#transfer(verb, argument);
      else this.#say(this.#answer(verb, argument));
      if (verb === 'QUIT') this.#control.end();
    }
    this.#passive?.close();
  }

  #answer(verb: string, argument: string): string {
    const name = argument.replace(/^\//, '');
    const file = this.#files.get(name);
    switch (verb) {
      case 'USER':
        this.#user = argument;
        return '331 password';
      case 'PASS':
        return this.#user === 'user' && argument === 'secret' ? '230 in' : '530 no';
      case 'TYPE':
        return '200 done';
      case 'CWD':
        return '250 done';
      case 'PWD':
        return '257 "/"';
      case 'SYST':
        return '215 UNIX Type: L8';
      case 'SIZE':
        return file ? `213 ${file.length}` : '550 no such file';
      case 'DELE':
        return this.#files.delete(name) ? '250 deleted' : '550 no such file';
      case 'QUIT':
        return '221 bye';
      default:
        return '502 not here';
    }
  }

  async #listenForData(verb: string): Promise<void> {
    this.#passive?.close();
    const server = createServer();
    this.#passive = server;
    this.#data = new Promise((resolve) => server.once('connection', resolve));
    const port = await listen(server);
    this.#say(
      verb === 'EPSV'
        ? `229 passive (|||${port}|)`
        : `227 passive (127,0,0,1,${port >> 8},${port & 255})`,
    );
  }

  async #transfer(verb: string, argument: string): Promise<void> {
    const transfer = transfers[verb];
    if (!transfer || !this.#data) return this.#say('425 passive mode first');
    const name = argument.replace(/^\//, '');
    if (verb === 'RETR' && !this.#files.has(name)) return this.#say('550 no such file');
    this.#say('150 here it comes');
    const data = await this.#data;
    // A client may leave before the end; its next command tells.
    data.on('error', () => data.destroy());
    this.#data = undefined;
    await transfer(data, this.#files, name);
    this.#say('226 done');
  }
}

type Transfer = (data: Socket, files: Map<string, Buffer>, name: string) => Promise<void>;

const sendText = (data: Socket, bytes: Buffer | string): Promise<void> =>
  new Promise((resolve) => data.end(bytes, resolve));

const transfers: Readonly<Record<string, Transfer>> = {
  RETR: (data, files, name) => sendText(data, files.get(name) ?? ''),
  NLST: (data, files) =>
    sendText(data, [...files.keys()].map((n) => `${n}\r\n`).join('')),
  STOR: async (data, files, name) => {
    const chunks: Buffer[] = [];
    for await (const chunk of data) chunks.push(chunk as Buffer);
    files.set(name, Buffer.concat(chunks));
  },
};
