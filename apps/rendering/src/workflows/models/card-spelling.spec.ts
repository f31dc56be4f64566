import { nodeCatalogue, type PromptGraph } from '@tower/comfyui';
import { spelledFor } from './card-spelling';

const node = (class_type: string, inputs: PromptGraph[string]['inputs']): PromptGraph[string] => ({
  class_type,
  inputs,
});

describe('the graph as a card takes it', () => {
  it('names every file as this server lists it, whatever loader reads it', () => {
    for (const [classType, { models }] of nodeCatalogue)
      for (const [input, folder] of Object.entries(models ?? {})) {
        const stock = { checkpoints: [], models: { [folder]: ['sub\\a.safetensors', 'b.safetensors'] } };
        const names = ['sub/a.safetensors', 'a.safetensors', 'b.safetensors', 'none.safetensors'].map(
          (name) =>
            spelledFor({ '1': node(classType, { [input]: name, link: ['2', 0], n: 3 }) }, stock)['1']?.inputs[input],
        );
        expect(names).toEqual(['sub\\a.safetensors', 'sub\\a.safetensors', 'b.safetensors', 'none.safetensors']);
      }
  });

  it('leaves a graph alone that is spelt rightly, and the graph that it was given in any case', () => {
    const graph = { '1': node('LoraLoader', { lora_name: 'a/x.pt', model: ['2', 0], strength_model: 1 }) };
    expect(spelledFor(graph, { checkpoints: [], models: { loras: ['a/x.pt'] } })).toEqual(graph);
    spelledFor(graph, { checkpoints: [], models: { loras: ['a\\x.pt'] } });
    expect(graph['1'].inputs['lora_name']).toBe('a/x.pt');
  });

  it('takes what the server itself says of loaders that are not known here', () => {
    const infos = {
      MyLoader: {
        input: { required: { file: [['wan\\x.gguf', 'y.gguf']], mode: [['fast/er', 'slow']], title: ['STRING'] } },
        output: [],
        output_node: false,
      },
    };
    const spelled = spelledFor(
      { '1': node('MyLoader', { file: 'wan/x.gguf', mode: 'slow', title: 'wan/x.gguf' }) },
      { checkpoints: [] },
      infos,
    );
    expect(spelled['1']?.inputs).toEqual({ file: 'wan\\x.gguf', mode: 'slow', title: 'wan/x.gguf' });
  });

  it('leads embeddings to their folder, where the tokenizer sees them', () => {
    const stock = { checkpoints: [], models: { embeddings: ['neg\\easy.pt', 'flat.safetensors'] } };
    const spelled = (text: string) =>
      spelledFor({ '1': node('CLIPTextEncode', { text, clip: ['2', 1] }) }, stock)['1']?.inputs['text'];
    expect(spelled('bad,embedding:easy, (embedding:easy.pt:1.2) embedding:flat embedding:none')).toBe(
      'bad, embedding:neg/easy, (embedding:neg/easy.pt:1.2) embedding:flat embedding:none',
    );
    expect(spelled('no call')).toBe('no call');
  });
});
