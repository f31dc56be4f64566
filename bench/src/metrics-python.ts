/**
 * The published packages at the same sizes under the same names; a missing package leaves its lines out and says so.
 */
export const python = String.raw`
import json, sys, time
import numpy as np
models, rounds = sys.argv[1], int(sys.argv[2])
rng = np.random.default_rng(1)
noise = lambda w, h: rng.integers(0, 256, (h, w, 3), dtype=np.uint8)
large, other, wide = noise(1024, 1024), noise(1024, 1024), noise(1280, 720)
result, versions, missing = {}, {'numpy': np.__version__}, []

def timed(name, work, share=1):
    for _ in range(3): work()
    values = []
    for _ in range(rounds):
        before = time.perf_counter()
        work()
        values.append((time.perf_counter() - before) * 1000 / share)
    values.sort()
    at = lambda share: round(values[min(len(values) - 1, max(0, -(-int(share * 1000) * len(values) // 1000) - 1))], 2)
    result[name] = {'n': len(values), 'p50': at(.5), 'p90': at(.9), 'p99': at(.99), 'max': at(1)}

try:
    import PIL, io
    from PIL import Image
    versions['Pillow'] = PIL.__version__
    picture, broad = Image.fromarray(large), Image.fromarray(wide)
    file = io.BytesIO(); picture.save(file, 'PNG'); file = file.getvalue()
    timed('decode png 1024x1024', lambda: np.asarray(Image.open(io.BytesIO(file)).convert('RGB')))
    timed('pillow bilinear 1024x1024 to 384x384', lambda: picture.resize((384, 384), Image.BILINEAR))
    timed('pillow bicubic 1024x1024 to 448x448', lambda: picture.resize((448, 448), Image.BICUBIC))
    timed('resize to short side 256 from 1280x720', lambda: broad.resize((456, 256), Image.BILINEAR))
    mean, std = np.float32([0.48145466, 0.4578275, 0.40821073]), np.float32([0.26862954, 0.26130258, 0.27577711])
    timed('ccip input 1024x1024', lambda: np.ascontiguousarray((
        (np.asarray(picture.resize((384, 384), Image.BILINEAR)).astype(np.float32) / 255 - mean) / std
    ).transpose(2, 0, 1)))
    timed('yolo input 1280x720', lambda: np.ascontiguousarray((
        np.asarray(broad.resize((640, 640), Image.BICUBIC)).astype(np.float32) / 255
    ).transpose(2, 0, 1)))
except ImportError as error: missing.append(str(error))
try:
    import cv2
    cv2.setNumThreads(1)
    versions['opencv'] = cv2.__version__
    timed('opencv bilinear 1280x720 to 640x360', lambda: cv2.resize(wide, (640, 360)))
    M = np.float64([[0.1, 0.02, -3], [-0.02, 0.1, 4]])
    timed('warp affine 1024x1024 to 112x112', lambda: cv2.warpAffine(large, M, (112, 112)))
except ImportError as error: missing.append(str(error))
try:
    import skimage
    from skimage.metrics import structural_similarity
    versions['scikit-image'] = skimage.__version__
    timed('ssim wang 1024x1024', lambda: structural_similarity(
        large, other, channel_axis=-1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255,
    ))
except ImportError as error: missing.append(str(error))
try:
    import onnxruntime
    versions['onnxruntime'] = onnxruntime.__version__
    options = onnxruntime.SessionOptions(); options.intra_op_num_threads = 1; options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(models + '/lpips_rand.onnx', options, providers=['CPUExecutionProvider'])
    tensor = lambda a: np.ascontiguousarray((a[:256].astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None])
    x, y = tensor(noise(256, 256)), tensor(noise(256, 256))
    timed('lpips pair 256x256', lambda: session.run(None, {'img0': x, 'img1': y}))
    x2, y2 = tensor(noise(456, 256)), tensor(noise(456, 256))
    timed('temporal lpips 456x256', lambda: session.run(None, {'img0': x2, 'img1': y2}))
except ImportError as error: missing.append(str(error))
clip = rng.integers(0, 256, (16, 256, 456, 3), dtype=np.uint8)
timed('flicker 456x256', lambda: (
    255 - np.mean([np.abs(clip[i].astype(np.int16) - clip[i + 1]).mean() for i in range(15)])
) / 255, 16)
print(json.dumps({'versions': versions, 'missing': missing, 'times': result}))
`;
