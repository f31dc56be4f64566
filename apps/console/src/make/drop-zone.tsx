import { useId, useState, type DragEvent, type ReactNode } from 'react';

interface Props {
  readonly label: string;
  readonly accept: string;
  readonly isBusy: boolean;
  readonly onFile: (file: File) => void;
  readonly children: ReactNode;
}

/** A place for one file: dropped, or chosen in the dialog of the system. */
export function DropZone({ label, accept, isBusy, onFile, children }: Props) {
  const [isOver, setOver] = useState(false);
  const id = useId();
  const take = (files: FileList | null): void => {
    const file = files?.[0];
    if (file !== undefined) onFile(file);
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files);
  };
  const over = (event: DragEvent): void => {
    event.preventDefault();
    setOver(true);
  };
  return (
    <div
      className={isOver ? 'drop drop-over' : 'drop'}
      onDragOver={over}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      {children}
      <label className="button drop-button" htmlFor={id} aria-busy={isBusy}>
        {isBusy ? 'Sending …' : label}
        <input
          className="hidden"
          id={id}
          type="file"
          accept={accept}
          disabled={isBusy}
          onChange={({ target }) => {
            take(target.files);
            target.value = '';
          }}
        />
      </label>
    </div>
  );
}
