// Cuts the text of an event stream into messages (server-sent events of the HTML standard, as far as the controller uses
// them). Read by hand rather than with EventSource, because that hides the heartbeat: a controller that hangs would look
// alive.

export interface Message {
  name: string;
  data: string;
}

export class Parser {
  #rest = '';
  #name = '';
  #data: string[] = [];

  /** Takes text as it arrives and gives the messages that are whole by then. */
  feed(text: string): Message[] {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    const messages: Message[] = [];
    for (const raw of lines) {
      const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
      if (line === '') {
        if (this.#data.length > 0) messages.push({ name: this.#name, data: this.#data.join('\n') });
        this.#name = '';
        this.#data = [];
        continue;
      }
      const colon = line.indexOf(':');
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'event') this.#name = value;
      else if (field === 'data') this.#data.push(value);
    }
    return messages;
  }
}
