export {
  MAX_SHEET_ITEMS,
  captionLines,
  makeContactSheet,
  type ContactSheetItem,
  type ContactSheetOptions,
} from './contact-sheet';
export { clsToken, frameConsistency, type Consistency } from './continuity/consistency';
export { decodePicture, probePicture, type PictureHeader } from './decode';
export { detectFaces, detectObjects } from './detection/detect';
export { suppressOverlaps, type Box, type ScoredBox } from './detection/overlap';
export {
  SCRFD_MAX_OVERLAP,
  SCRFD_MIN_SCORE,
  chooseFaces,
  decodeScrfd,
  scrfdInput,
  type DetectedFace,
  type ScrfdInput,
} from './detection/scrfd';
export { YOLO_MAX_OVERLAP, decodeYolo, yoloInput, type YoloDetection, type YoloOptions } from './detection/yolo';
export { sha256, sha256File } from './digest';
export { readPngTexts } from './png-text';
export { ASSIGNMENT_MIN_MARGIN, assignCast, type CastAssignment } from './gates/cast-assignment';
export {
  PHASE_ONE_MIN_GENERATIONS,
  gateOutcome,
  judgeScore,
  phaseOneOutcome,
  type GateOutcome,
  type GenerationCounts,
  type MetricResult,
  type Threshold,
} from './gates/gate';
export {
  IDENTITY_MIN_COSINE,
  IDENTITY_MIN_COVERAGE,
  identityOverFrames,
  type IdentityOverFrames,
} from './gates/identity-frames';
export {
  BLACK_MAX_MEAN,
  BLACK_MAX_STD,
  NAN_CELL_SIDE,
  NAN_MIN_ZERO_CELL_RATIO,
  UNIFORM_MAX_STD,
  findPixelFault,
  isBlack,
  isUniform,
  looksLikeNan,
  measureLevels,
  type Levels,
  type PictureLevels,
  type PixelFault,
} from './guards';
export { FACE_ALIGNMENT, alignFace, estimateFaceMatrix, type FaceLandmarks, type Point } from './identity/alignment';
export {
  CCIP_CARD_COSINE,
  CCIP_CARD_DIFFERENCE,
  CCIP_NEAREST,
  ccipDifference,
  mergeEmbeddings,
  similarityToReferences,
} from './identity/ccip';
export { embedCharacter, embedFace, embedScene } from './identity/embed';
export {
  compareEmbeddings,
  cosine,
  embeddingContractId,
  toEmbedding,
  type Embedding,
  type EmbeddingContract,
} from './identity/embedding';
export {
  FACE_AMBIGUOUS_AREA_RATIO,
  FACE_MAX_NOSE_OFFSET,
  FACE_MIN_SCORE,
  FACE_MIN_SIDE_PX,
  chooseIdentityFace,
  noseOffset,
  type FaceWithLandmarks,
} from './identity/face-choice';
export { cropForIdentity, identityCrops, type IdentityCrop } from './identity/identity-crop';
export { checkFileIntegrity, type FileIntegrity, type IntegrityFault } from './integrity';
export {
  LOOP_MAX_COLOUR_DRIFT_RATIO,
  LOOP_MAX_LPIPS_SEAM,
  LOOP_MAX_R1,
  LOOP_MIN_FRAMES,
  LOOP_WARN_R1,
  LOOP_WARN_R2,
  loopSeam,
  type LoopMeasure,
  type LoopSeam,
  type LoopVerdict,
} from './loop/loop-seam';
export { ARCFACE_PREPROCESSING, arcfaceInput } from './model-input/arcface';
export { CCIP_PREPROCESSING, ccipInput } from './model-input/ccip';
export { classifierInput, defaultClassifierInput, type ClassifierInput } from './model-input/classifier';
export { crop, type Rectangle } from './model-input/crop';
export {
  DINO_PREPROCESSING,
  dinoCrop,
  dinoInput,
  vbenchClipInput,
  vbenchDinoInput,
  type SizedPlanes,
} from './model-input/dino';
export { normalisations, toPlanes, type Normalisation } from './model-input/planes';
export { WD_PREPROCESSING, wdInput } from './model-input/wd-tagger';
export { modelContracts, type ModelContractName } from './models/contracts';
export { ModelManifestError, parseModelManifest, type ModelEntry } from './models/manifest';
export { ModelMissing, checkModelFile, modelRefusal, openModel, type ModelFileState } from './models/model-files';
export {
  ModelContractMismatch,
  OnnxModel,
  type ExecutionProvider,
  type FloatTensor,
  type OnnxOptions,
  type TensorContract,
  type TensorShape,
} from './models/onnx-model';
export { adjacentDifferences, meanAbsoluteDifference, meanSecondDifference } from './motion/difference';
export { temporalFlickering } from './motion/flicker';
export { HOLD_MAX_DIFFERENCE, collapseHolds, findHolds, type HoldPattern } from './motion/holds';
export {
  motionSmoothness,
  onnxInterpolator,
  smoothnessPairs,
  type Interpolator,
  type Smoothness,
} from './motion/smoothness';
export { colourDifference, labOfHex, labOfRgb, type Lab } from './palette/lab';
export { MAIN_COLOURS, mainColours, type MainColour } from './palette/main-colours';
export {
  PALETTE_MAX_DIFFERENCE,
  PALETTE_MIN_SHARE,
  colourDrift,
  paletteAdherence,
  type PaletteAdherence,
} from './palette/palette-adherence';
export {
  LPIPS_PREPROCESSING,
  LPIPS_SHORT_SIDE,
  lpipsFromFeatures,
  lpipsFromPair,
  lpipsPicture,
  lpipsSize,
  type PerceptualDistance,
} from './perception/lpips';
export { CUT_RATIO, temporalLpips, type TemporalLpips } from './perception/temporal-lpips';
export {
  PictureRefusal,
  defaultPictureLimits,
  pictureFormats,
  pictureRefusalReasons,
  type Picture,
  type PictureFormat,
  type PictureLimits,
  type PictureRefusalReason,
  type PictureSource,
  type PixelSize,
  type Raster,
  type Rgb,
} from './picture';
export { cvBilinear } from './resample/opencv';
export { pilBicubic, pilBilinear, pilLanczos } from './resample/pillow';
export { shortSideTarget, torchBicubicNoAA, torchBilinearNoAA, type FloatRgb } from './resample/torch';
export { warpAffineBilinear, type AffineMatrix } from './resample/warp-affine';
export { resolutionAchieved } from './resolution';
export {
  computed,
  computedOrInferenceFailed,
  measured,
  notApplicable,
  notApplicableReasons,
  notComputed,
  notComputedReasons,
  type NotApplicable,
  type NotApplicableReason,
  type NotComputed,
  type NotComputedReason,
  type Outcome,
  type Score,
} from './score';
export { skimageDefaultWindow, structuralSimilarity, wangWindow, type SsimWindow } from './ssim/ssim';
export { bootstrapAucInterval, bootstrapAucs, type BootstrapOptions } from './statistics/bootstrap';
export {
  DEFAULT_TARGET_FALSE_ACCEPT,
  MIN_CALIBRATION_AUC,
  MIN_CALIBRATION_SAMPLES,
  calibrateThreshold,
  type Calibration,
  type CalibrationOptions,
} from './statistics/calibration';
export { mean, median, percentile } from './statistics/percentile';
export {
  areaUnderRoc,
  equalErrorRate,
  pointAtFalseAccept,
  rocPoints,
  type EqualErrorRate,
  type LabelledScores,
  type OperatingPoint,
} from './statistics/roc';
export { wilsonInterval, type Interval } from './statistics/wilson';
export {
  MIN_EVALUABLE_TAGS,
  normaliseTag,
  qualityWords,
  selectEvaluableTags,
  tagAdherence,
  type Adherence,
  type EvaluableTags,
  type ExpectedTags,
} from './tags/adherence';
export { aestheticLabels, aestheticScore } from './tags/aesthetic';
export { classifyPicture, tagPicture } from './tags/tag-picture';
export {
  defaultTagThresholds,
  parseTagVocabulary,
  readTags,
  type Tag,
  type TagCategory,
  type TagReading,
  type TagThresholds,
  type TagVocabulary,
} from './tags/vocabulary';
export { recogniseFormat } from './picture-bytes';
export { allowOwnSvg, fromOutside, sharp, type Sharp } from './sharp';
export { makeFrameThumbnail, makeThumbnail, type ThumbnailOptions } from './thumbnail';
export { describeFfmpeg, findFfmpeg, type FoundFfmpeg } from './film/find-ffmpeg';
export { startFfmpeg, type FfmpegInput, type FfmpegProcess } from './film/ffmpeg';
export { FilmRefusal, filmRefusalReasons, type FilmRefusalReason } from './film/film-refusal';
export { readAnimation } from './film/animation';
export { maxFilmCommentBytes, writeFilmComment } from './film/film-comment';
export { readMoving } from './film/moving';
export { movingFormatOf, type MovingFormat } from './film/moving-format';
export { readFilmForMetrics } from './film/metric-frames';
export { readFilm, type FilmColour, type FilmFacts, type FilmOptions, type FilmSound } from './film/film';
export { ModelRunner, type ModelRunnerOptions, type ScoreOrigin, type Scored } from './models/model-runner';
export { DecoderDied, DecodingProcesses, type DecodingOptions } from './decoding/decoding-processes';
export { serveDecoding } from './decoding/serve-decoding';
export { BoundedQueue, QueueFull } from './scoring/bounded-queue';
export { ScoringThread, type ScoringThreadOptions } from './scoring/scoring-thread';
export type { FilmMotion, ScoringArguments, ScoringResult, ScoringTaskName } from './scoring/tasks';
