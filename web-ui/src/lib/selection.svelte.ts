// What the viewer looks at.

export type Selected = { kind: 'service' | 'link' | 'node'; id: string } | null;

class Selection {
  current = $state<Selected>(null);

  toggle(kind: NonNullable<Selected>['kind'], id: string) {
    this.current = this.current?.kind === kind && this.current.id === id ? null : { kind, id };
  }

  show(kind: NonNullable<Selected>['kind'], id: string) {
    this.current = { kind, id };
  }

  clear() {
    this.current = null;
  }
}

export const selection = new Selection();
