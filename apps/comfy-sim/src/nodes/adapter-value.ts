import type { Weights } from '../card/model-weights';

/** What the unified loaders of IPAdapter hand on: which files were found for a preset. */
export class AdapterValue {
  constructor(
    readonly file: string,
    readonly clipVisionFile: string | undefined,
    /** The face is looked for and embedded by InsightFace. */
    readonly needsFace: boolean,
    readonly hasFaceAnalysis: boolean,
    readonly weights: readonly Weights[],
  ) {}
  toString(): string {
    return (
      `{'clipvision': {'file': '${this.clipVisionFile ?? 'None'}', 'model': None}, ` +
      `'ipadapter': {'file': '${this.file}', 'model': None}}`
    );
  }
}

export class FaceAnalysisValue {
  constructor(readonly name: string) {}
  toString(): string {
    return '<insightface.app.face_analysis.FaceAnalysis object at 0x7f0000000310>';
  }
}
