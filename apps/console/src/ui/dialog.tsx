import type { ReactNode } from 'react';
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components';

interface DialogProps {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  children: ReactNode;
  /** `wide` for what is looked at, `narrow` for what is answered. */
  size?: 'narrow' | 'wide';
}

/** A question or a form over the page. Escape and a click beside it close it; the focus returns to where it was. */
export function Dialog({ title, isOpen, onClose, children, size = 'narrow' }: DialogProps) {
  return (
    <ModalOverlay className="overlay" isOpen={isOpen} isDismissable onOpenChange={(open) => !open && onClose()}>
      <Modal className={`modal modal-${size}`}>
        <AriaDialog className="dialog">
          <Heading slot="title">{title}</Heading>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
