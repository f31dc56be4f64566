// Written from apps/gateway/openapi.json by `npm run drift`; changes by hand are lost.

export interface paths {
  '/api/anime/health': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Liveness and readiness of every part, by name
     * @description While a needed part is not ready the answer is 503: a problem with the same `parts`. `degraded`: everything works, and a part says what a person should look at.
     *
     *     Also at `/health`.
     */
    get: operations['getHealth'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/status': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Queue, cards, processes, disk, models
     * @description Also at `/status`.
     */
    get: operations['getStatus'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/dead-letters': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Messages between services that could not be handled, newest first
     * @description Each waits for a person: hand it over again once its cause is gone, or dismiss it. `silent` names services that did not answer.
     */
    get: operations['listDeadLetters'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/dead-letters/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** One of them, with the message */
    get: operations['getDeadLetter'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/dead-letters/redrive': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Hand messages to their reader again
     * @description To the one reader that failed, and to no other; what it had done already it does not do twice.
     */
    post: operations['redriveDeadLetters'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/dead-letters/dismiss': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Say that messages need not be handled */
    post: operations['dismissDeadLetters'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/workflows': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * What can be made, and which card can make it now
     * @description By name. Cards are judged by the standard preset: ready, or what is missing with where it belongs and where to get it.
     */
    get: operations['listWorkflows'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/workflows/{name}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** One workflow: parameters, presets, needs, fallbacks, and which card can run it now */
    get: operations['getWorkflow'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/projects': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Projects, newest first */
    get: operations['listProjects'];
    put?: never;
    /** Create a project */
    post: operations['createProject'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/projects/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** One project */
    get: operations['getProject'];
    put?: never;
    post?: never;
    /** Archive a project; nothing is deleted */
    delete: operations['archiveProject'];
    options?: never;
    head?: never;
    /** Change a project */
    patch: operations['updateProject'];
    trace?: never;
  };
  '/api/anime/projects/{id}/characters': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Characters of one project */
    get: operations['listProjectCharacters'];
    put?: never;
    /** Create a character in a project */
    post: operations['createCharacter'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/characters': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Characters, newest first */
    get: operations['listCharacters'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/characters/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** One character */
    get: operations['getCharacter'];
    put?: never;
    post?: never;
    /** Archive a character; nothing is deleted */
    delete: operations['archiveCharacter'];
    options?: never;
    head?: never;
    /** Change a character */
    patch: operations['updateCharacter'];
    trace?: never;
  };
  '/api/anime/generate': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Ask for pictures or films
     * @description Answers at once with the job, an estimate and the address of its live feed. The short form {"type":"image","prompt":"…","quality":"low"} works too. With `time_budget_seconds` or `deadline_at` the best that is ready by then is made, and `given_up` says what that costs; with `strict_deadline` a request that cannot be ready in time is refused (409 `deadline_impossible`) with the earliest time.
     */
    post: operations['generate'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/estimate': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * When a request would be ready, with each preset; nothing is made
     * @description The body of POST /generate, refused for the same reasons, but for a full queue and for a strict deadline, of which `refusal` speaks. For each preset: when it would start and be ready, on which card, and where the numbers come from. `chosen` is what POST /generate would make.
     */
    post: operations['estimate'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/jobs': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Jobs, newest first */
    get: operations['listJobs'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/jobs/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * One job with its progress, tasks and attempts
     * @description Also at `/api/anime/job/{id}`.
     */
    get: operations['getJob'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    /**
     * Another priority or deadline for a job that has not ended
     * @description An order by hand among jobs holds within a priority, so it ends for a job that gets another one.
     */
    patch: operations['changeJob'];
    trace?: never;
  };
  '/api/anime/jobs/{id}/explain': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Why it waits, what is before it, on which card and why, and what would make it ready sooner
     * @description Of a job that runs or is over: what goes on, or what happened. Everything is from what was read of the queue and the cards at this moment; `sooner` was planned with each change.
     */
    get: operations['explainJob'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/jobs/{id}/decisions': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * What the planner decided about the job, and whether it would decide so again
     * @description Newest first: which card was chosen for which of its tasks, and what each other card made of it then. For each the planner runs again on what it was given, and `replay` says whether it comes to the same. Decisions of before they were kept, or from too long ago, are not listed.
     */
    get: operations['listJobDecisions'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/jobs/{id}/cancel': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Cancel a job that has not ended */
    post: operations['cancelJob'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/jobs/{id}/pause': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Start nothing more of a job; what runs ends */
    post: operations['pauseJob'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/jobs/{id}/resume': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Go on with a paused job, at its old place in line */
    post: operations['resumeJob'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/jobs/{id}/retry': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Ask again for what a job that ended did not bring
     * @description Answers with a new job, whose `retry_of` is the old one: that has ended, and its history stays as it is. The new one makes what is missing, with the same seeds; with new ones where quality rejected what the old made.
     */
    post: operations['retryJob'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/jobs/{id}/artifacts': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Files that the job produced */
    get: operations['listJobArtifacts'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/jobs/{id}/events': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Everything that happened to the job, numbered without gaps */
    get: operations['listJobEvents'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/jobs/{id}/params': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The exact graph and parameters of every attempt, oldest first */
    get: operations['listJobParams'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/jobs/{id}/quality': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Scores and verdicts of every attempt, oldest first */
    get: operations['getJobQuality'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/gpus/{name}/calibrate': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Measure a card with a few light prompts for each workflow and model
     * @description Estimates for what the card was never seen to make rest on it. The jobs are for that card alone, begin only when nothing else waits for it, are not judged, and are cancelled like any other.
     */
    post: operations['calibrateGpu'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/gpus': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The cards in the order of the configuration: state, memory, claims, what runs and what comes next */
    get: operations['listGpus'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/gpus/{name}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** One card */
    get: operations['getGpu'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/gpus/{name}/drain': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Take a card out of use: what runs ends, nothing new starts, until it is resumed */
    post: operations['drainGpu'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/gpus/{name}/resume': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Use a drained card again */
    post: operations['resumeGpu'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/gpus/{name}/claims': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Another program's claim on memory of the card, for a time
     * @description Models are unloaded once nothing runs there, and until it ends nothing is started that does not fit beside it. It ends by itself. The next tick of the scheduler sees it; what runs at that moment is not stopped.
     */
    post: operations['claimGpuMemory'];
    /** End all claims on a card, or all of one program; those that have ended already are not named */
    delete: operations['releaseGpuClaims'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/gpus/{name}/claims/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /** End a claim; ending it twice is the same as once */
    delete: operations['releaseGpuClaim'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/queue/order': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * A job before or after another one of its priority, whatever the planner would do
     * @description Holds until one of the two is over, or has another priority, or it is taken back.
     */
    post: operations['orderQueue'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/queue/order/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /**
     * Take back what was ordered of a job by hand; twice is the same as once
     * @description All orders by which this job was moved; those by which others were moved before or after it still hold. The planner decides again from its next look on.
     */
    delete: operations['withdrawOrder'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/queue/pause': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Start nothing new on any card; what runs ends */
    post: operations['pauseQueue'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/queue/resume': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Serve the queue again */
    post: operations['resumeQueue'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/artifacts/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** One file, described */
    get: operations['getArtifact'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/artifacts/{id}/content': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The bytes; Range and ETag (sha256) are understood */
    get: operations['getArtifactContent'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/artifacts/{id}/thumbnail': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** A small WebP of the file; of a film its middle frame */
    get: operations['getArtifactThumbnail'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/uploads': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Send a picture or a film, for use wherever the id of an artifact may be
     * @description The bytes as they are, or a form with the one field `file`; at most 64 MiB, and 67108864 pixels a frame, sent within 30 seconds. PNG, JPEG, WebP, GIF, MP4, QuickTime, WebM and Matroska are taken; which of them it is, the bytes say, and neither Content-Type nor a file name. All of it is decoded before it is kept. The same bytes have the same id. What no job names is deleted after a time, which `expires_at` says.
     */
    post: operations['createUpload'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/uploads/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** One uploaded file, described */
    get: operations['getUpload'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/uploads/{id}/content': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The bytes; Range and ETag (sha256) are understood */
    get: operations['getUploadContent'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/uploads/{id}/thumbnail': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** A small WebP of the file; of a film its first frame */
    get: operations['getUploadThumbnail'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/anime/uploads/{id}/metadata': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * What the file says of how it was made: the graphs that ComfyUI embeds in PNG files, and what they ask for
     * @description Anybody may have written it into the file: nothing of it was checked. `request` holds what can be told in the fields of `POST /generate`. Of files in other formats only `artifact_id` and `job_id` are told.
     */
    get: operations['getUploadMetadata'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    GenerateRequest: {
      /**
       * Format: uuid
       * @description UUID
       */
      project_id: string;
      /** @default [] */
      character_ids?: string[];
      /** @enum {string} */
      job_type: 'still_image' | 'animation_loop' | 'full_video' | 'character_sheet';
      /**
       * @description needed by every workflow that reads a prompt; knows `<lora:name:0.8>`, `{a|b}` and `embedding:name`
       * @default
       */
      prompt?: string;
      /** @default  */
      negative_prompt?: string;
      /**
       * @description one of `{a|b}` is chosen for each result, by its seed; false: braces are plain characters
       * @default true
       */
      dynamic_prompts?: boolean;
      /** @description default: the first one that makes this job type */
      workflow?: string;
      /**
       * @description default: standard. With a time budget or a deadline: the most that is wanted; left out, the best that is ready
       * @enum {string}
       */
      preset?: 'draft' | 'low' | 'standard' | 'high' | 'final';
      /** @description pixels; limits and steps are those of the workflow: GET /workflows/{name} */
      width?: number;
      /** @description pixels; limits and steps are those of the workflow: GET /workflows/{name} */
      height?: number;
      /** @description limits and steps are those of the workflow: GET /workflows/{name} */
      steps?: number;
      /** @description limits and steps are those of the workflow: GET /workflows/{name} */
      cfg_scale?: number;
      sampler_name?: string;
      scheduler?: string;
      /** @description left out, null or -1: chosen and returned */
      seed?: number | null;
      /**
       * @description results with consecutive seeds
       * @default 1
       */
      count?: number;
      /** @description frames of one film; limits and steps are those of the workflow: GET /workflows/{name} */
      frame_count?: number;
      /** @description frames per second of a film; limits and steps are those of the workflow: GET /workflows/{name} */
      fps?: number;
      /** @description file in models/checkpoints, with / or \ between folders; without a folder: the one of that name in any */
      model_name?: string;
      /**
       * @description what the checkpoint is, where its name does not say it or misleads
       * @enum {string}
       */
      model_family?: 'sd15' | 'sdxl';
      /** @default [] */
      lora_models?: (
        | string
        | {
            /** @description file in models/loras, with / or \ between folders; without a folder: the one of that name in any */
            name: string;
            /** @default 1 */
            strength?: number;
          }
      )[];
      /** @description false leaves `ipadapter_refs` out; default: true where there are any */
      use_ipadapter?: boolean;
      /** @default [] */
      ipadapter_refs?: (
        | string
        | {
            /** @description id of an artifact or of an upload, or path of a picture below the library folder */
            image: string;
            /** @description default: `ipadapter_weight`, else 0.8 */
            weight?: number;
            /**
             * @default ipadapter
             * @enum {string}
             */
            kind?: 'ipadapter' | 'faceid';
          }
      )[];
      /** @description weight of references that give none */
      ipadapter_weight?: number;
      /** @default [] */
      controlnet_models?: {
        /** @description file in models/controlnet, with / or \ between folders; without a folder: the one of that name in any */
        name: string;
        /** @description id of an artifact or of an upload, or path of a picture below the library folder */
        image: string;
        /** @default 1 */
        strength?: number;
      }[];
      /** @description a pose as OpenPose draws it */
      pose_reference?: string;
      /** @description the picture that is worked on, or the first frame */
      start_image?: string;
      /** @description the last frame */
      end_image?: string;
      /**
       * @description further parameters of the workflow, by the names that GET /workflows/{name} gives
       * @default {}
       */
      parameters?: {
        [key: string]: string | number | boolean;
      };
      /**
       * @default normal
       * @enum {string}
       */
      priority?: 'urgent' | 'high' | 'normal' | 'low';
      /** @description seconds from now within which it should be ready; the best that is ready by then is made */
      time_budget_seconds?: number;
      /**
       * Format: date-time
       * @description the same as an instant, ISO 8601 with Z or an offset; not together with time_budget_seconds
       */
      deadline_at?: string;
      /** @description refuse what cannot be ready in time, and say the earliest; default: take it and say how late */
      strict_deadline?: boolean;
      /**
       * @description a smaller size is better than no result; with a time budget: also less than the lowest preset
       * @default false
       */
      allow_degrade?: boolean;
      /** @default true */
      auto_quality_check?: boolean;
      /** @default 2 */
      max_regenerations?: number;
    };
    ShortGenerateRequest: {
      /** @constant */
      type: 'image';
      prompt: string;
      /**
       * @default standard
       * @enum {string}
       */
      quality?: 'draft' | 'low' | 'standard' | 'high' | 'final';
    };
    Health: {
      /** @enum {string} */
      status: 'ok' | 'degraded' | 'unavailable';
      parts: {
        [key: string]: {
          ok: boolean;
          degraded?: boolean;
          detail: string;
        };
      };
    };
    Problem: {
      type: string;
      title: string;
      status: number;
      code: string;
      detail: string;
      instance?: string;
      correlation_id?: string;
      retry_after_seconds?: number;
      /** @description of a create whose outcome is not known: repeat the request with this as Idempotency-Key, and it is made once */
      idempotency_key?: string;
      errors?: {
        pointer: string;
        message: string;
      }[];
      /** @description how many more fields are wrong than `errors` names */
      errors_omitted?: number;
    };
    HealthProblem: {
      type: string;
      title: string;
      status: number;
      code: string;
      detail: string;
      instance?: string;
      correlation_id?: string;
      retry_after_seconds?: number;
      /** @description of a create whose outcome is not known: repeat the request with this as Idempotency-Key, and it is made once */
      idempotency_key?: string;
      errors?: {
        pointer: string;
        message: string;
      }[];
      /** @description how many more fields are wrong than `errors` names */
      errors_omitted?: number;
      parts: {
        [key: string]: {
          ok: boolean;
          degraded?: boolean;
          detail: string;
        };
      };
    };
    Status: {
      version: string;
      /** @description true when at least one card is a simulator */
      simulated: boolean;
      processes: components['schemas']['Process'][];
      /** @description of each service that has messages it could not handle: how many, and the newest few */
      dead_letters: {
        service: string;
        open: number;
        newest: components['schemas']['DeadLetter'][];
      }[];
      /** @description null while rendering does not answer */
      rendering: {
        queue: components['schemas']['Queue'];
        gpus: components['schemas']['Gpu'][];
        /** @description of each card, measured over the last hour */
        utilisation: {
          [key: string]: components['schemas']['GpuUtilisation'];
        };
        leader: {
          holder: string | null;
          fence: number;
          until: string | null;
        };
        /** @description of the process that answers; null where it has given out nothing */
        planner: components['schemas']['Planner'] | null;
        library: {
          free_bytes: number;
          total_bytes: number;
        };
        machine: components['schemas']['Machine'];
        /** @description what Tower itself writes to; new work starts only while all are ok */
        disks: components['schemas']['Disk'][];
        models: {
          present: {
            [key: string]: string[];
          };
          missing: {
            workflow: string;
            what: string;
            where: string;
          }[];
          /** @description how many more are missing than are named */
          missing_omitted?: number;
        };
      } | null;
    };
    Process: {
      service: string;
      /** @enum {string} */
      state: 'starting' | 'ready' | 'degraded' | 'stopping' | 'down';
      pid: number | null;
      version: string | null;
      started_at: string | null;
      uptime_seconds: number | null;
      last_seen_at: string | null;
      checks: {
        [key: string]: {
          ok: boolean;
          degraded?: boolean;
          detail: string;
        };
      };
    };
    DeadLetter: {
      /**
       * Format: uuid
       * @description UUID
       */
      id: string;
      service: string;
      /** @enum {string} */
      state: 'open' | 'redriven' | 'dismissed';
      stream: string;
      stream_seq: number;
      /** @description empty when the message was gone from its stream before it could be kept */
      subject: string;
      lost: boolean;
      /** @description why it was given up */
      reason: string;
      deliveries: number;
      /**
       * Format: date-time
       * @description instant, ISO 8601, UTC
       */
      at: string;
      /** @description times that it was handed to its reader again */
      redrives: number;
      /** @description why the last of these failed */
      last_failure: string | null;
      settled_at: string | null;
    };
    Queue: {
      pending: number;
      queued: number;
      processing: number;
      quality_check: number;
      oldest_queued_seconds: number | null;
      /** @description who paused the queue; null while it is served */
      paused: components['schemas']['Standstill'] | null;
      /** @description jobs that are paused, each by itself */
      paused_jobs: number;
    };
    Standstill: {
      by: string;
      /**
       * Format: date-time
       * @description instant, ISO 8601, UTC
       */
      since: string;
      reason: string;
    };
    Gpu: {
      name: string;
      url: string;
      /** @enum {string} */
      vendor: 'nvidia' | 'amd' | 'intel' | 'cpu' | 'unknown';
      /** @enum {string} */
      state: 'unknown' | 'idle' | 'busy' | 'shared' | 'unhealthy' | 'down';
      detail: string;
      simulated: boolean;
      comfyui_version: string | null;
      device: string | null;
      vram_mb: number | null;
      vram_free_mb: number | null;
      prefers: ('image' | 'upscale' | 'preview' | 'video' | 'interpolation')[];
      only: boolean;
      checkpoints: string[];
      /** @description how many more there are than fit into this answer */
      checkpoints_omitted?: number;
      current_job_id: string | null;
      /** @description who took it out of use; null while it is given work */
      drained: components['schemas']['Standstill'] | null;
      /** @description MiB that other programs claim now */
      claimed_mb: number;
      foreign_prompts: number;
      warnings: string[];
      last_seen_at: string | null;
    };
    GpuUtilisation: {
      /** @description how far back this looks: an hour */
      window_seconds: number;
      /** @description that were on the card meanwhile */
      attempts: number;
      /** @description of the window */
      busy_share: number;
      /** @description that the card had nothing while a task that it took afterwards was waiting already */
      idle_with_work_seconds: number;
      /** @description times that another checkpoint followed; null where unknown */
      model_swaps: number | null;
      /** @description why it is not known */
      model_swaps_unknown: string | null;
      estimates: components['schemas']['EstimateAccuracy'];
    };
    EstimateAccuracy: {
      /** @description attempts that ended in the window, whose time was measured */
      judged: number;
      /** @description of these, estimated within 20 % of what they took */
      within_fifth: number;
      /** @description of these, that took a time within the stated interval */
      in_interval: number;
      /** @description the middle one of |actual − estimate| / actual; null where none was judged */
      median_error: number | null;
    };
    Planner: {
      /** @description looks with an idle card and waiting work since the process started */
      looks: number;
      /** @description of the last thousand such looks, until it was known what starts where */
      planning_seconds: {
        /** @description seconds */
        p50: number;
        /** @description seconds */
        p99: number;
      };
      /** @description until the attempt was written; null before the first */
      booking_seconds: {
        /** @description seconds */
        p50: number;
        /** @description seconds */
        p99: number;
      } | null;
    };
    Machine: {
      /** @description null where none runs */
      ffmpeg: {
        version: string;
        /**
         * @description FFMPEG_PATH, the path, or the npm package
         * @enum {string}
         */
        source: 'setting' | 'system' | 'package';
        warning: string | null;
      } | null;
      /** @description what a person should change although everything works */
      warnings: string[];
    };
    Disk: {
      /** @enum {string} */
      place: 'library' | 'home' | 'temp';
      /** @description false while work waits for this disk */
      ok: boolean;
      /** @description what is wrong and what to do, or how much is free */
      detail: string;
      free_bytes: number;
      total_bytes: number;
      /** @description has to be free for work to go on */
      needed_bytes: number;
      /** @description of the library, once something could be written there */
      file_system: components['schemas']['FileSystem'] | null;
      /** @description what its file system has not, and what Tower does instead */
      lacks: string[];
    };
    FileSystem: {
      /** @description what the system calls it, such as ext4 or SMB; a number where that has no name here */
      kind: string;
      /** @description without them a finished file gets its name by reserving it and renaming */
      hard_links: boolean;
      exclusive_create: boolean;
      replacing_rename: boolean;
      flushes_files: boolean;
      flushes_folders: boolean;
      case_sensitive: boolean;
      /** @description bytes, as far as Tower needs to know: 255, 143, 120, or 0 for less */
      longest_name: number;
      /** @description names as Tower makes them */
      takes_own_names: boolean;
    };
    DeadLetterDetail: {
      /**
       * Format: uuid
       * @description UUID
       */
      id: string;
      service: string;
      /** @enum {string} */
      state: 'open' | 'redriven' | 'dismissed';
      stream: string;
      stream_seq: number;
      /** @description empty when the message was gone from its stream before it could be kept */
      subject: string;
      lost: boolean;
      /** @description why it was given up */
      reason: string;
      deliveries: number;
      /**
       * Format: date-time
       * @description instant, ISO 8601, UTC
       */
      at: string;
      /** @description times that it was handed to its reader again */
      redrives: number;
      /** @description why the last of these failed */
      last_failure: string | null;
      settled_at: string | null;
      /** @description the message as it came, its first 50000 characters */
      message: string;
      message_cut: boolean;
    };
    SettledDeadLetter: {
      /**
       * Format: uuid
       * @description UUID
       */
      id: string;
      /** @enum {string} */
      outcome: 'redriven' | 'dismissed' | 'failed' | 'already_settled' | 'lost' | 'unknown';
      detail: string;
    };
    WorkflowSummary: {
      name: string;
      version: number;
      title: string;
      phase: number;
      /** @enum {string} */
      job_type: 'still_image' | 'animation_loop' | 'full_video' | 'character_sheet';
      /** @enum {string} */
      work: 'image' | 'upscale' | 'preview' | 'video' | 'interpolation';
      rank: number | null;
      cards: components['schemas']['WorkflowCard'][];
    };
    WorkflowCard: {
      gpu: string;
      can_run: boolean;
      /** @enum {string} */
      state: 'ready' | 'down' | 'missing' | 'too_small';
      reason: string | null;
      missing: components['schemas']['Missing'][];
      /** @description how much more is missing than is named */
      missing_omitted?: number;
      vram_need_mb: number | null;
      vram_mb: number | null;
    };
    Missing: {
      /** @enum {string} */
      kind: 'node' | 'model' | 'input';
      name: string;
      where: string;
      source: string | null;
    };
    Workflow: {
      name: string;
      version: number;
      title: string;
      phase: number;
      /** @enum {string} */
      job_type: 'still_image' | 'animation_loop' | 'full_video' | 'character_sheet';
      /** @enum {string} */
      work: 'image' | 'upscale' | 'preview' | 'video' | 'interpolation';
      rank: number | null;
      cards: components['schemas']['WorkflowCard'][];
      parameters: components['schemas']['WorkflowParameter'][];
      presets: {
        [key: string]: {
          [key: string]: string | number | boolean;
        };
      };
      takes: {
        loras: boolean;
        references: boolean;
        controlnets: boolean;
      };
      /**
       * @description what follows from the picture or film that is given, where a request says nothing else: its size or proportions; of a film frames and speed, and its sound by this parameter
       * @default null
       */
      follows: {
        input: string;
        /** @enum {string} */
        size: 'same' | 'area' | 'longer_side';
        frames_and_fps: boolean;
        sound: string | null;
      } | null;
      outputs: {
        /** @enum {string} */
        kind: 'image' | 'animation' | 'video';
      }[];
      needs: {
        packs: {
          name: string;
          source: string | null;
        }[];
        nodes: string[];
        models: {
          folder: string;
          name: string;
          source: string | null;
          note: string | null;
        }[];
      };
      fallbacks: {
        step: string;
        gives_up: string;
      }[];
      vram: {
        basis: string;
        /** @description MiB */
        formula: string;
      };
      time: {
        basis: string;
        load_seconds: number;
        seconds_per_megapixel_frame_step: number;
        fixed_seconds: number;
      };
    };
    WorkflowParameter: {
      name: string;
      /** @enum {string} */
      type: 'text' | 'integer' | 'number' | 'boolean' | 'choice' | 'model' | 'image' | 'film';
      default: string | number | boolean | null;
      min: number | null;
      max: number | null;
      multiple_of: number | null;
      remainder: number | null;
      unit: string | null;
      about: string | null;
      optional: boolean;
      choices: string[] | null;
      /** @description how many more it takes than are named */
      choices_omitted?: number;
      folder: string | null;
      source: string | null;
    };
    Project: {
      /**
       * Format: uuid
       * @description UUID
       */
      id: string;
      name: string;
      slug: string;
      description: string;
      /** @enum {string} */
      gate_policy: 'enforce' | 'advise';
      /**
       * Format: date-time
       * @description instant, ISO 8601, UTC
       */
      created_at: string;
      /**
       * Format: date-time
       * @description instant, ISO 8601, UTC
       */
      updated_at: string;
      archived_at: string | null;
    };
    Character: {
      /**
       * Format: uuid
       * @description UUID
       */
      id: string;
      /**
       * Format: uuid
       * @description UUID
       */
      project_id: string;
      name: string;
      base_prompt: string;
      negative_tokens: string[];
      /**
       * Format: date-time
       * @description instant, ISO 8601, UTC
       */
      created_at: string;
      /**
       * Format: date-time
       * @description instant, ISO 8601, UTC
       */
      updated_at: string;
      archived_at: string | null;
    };
    JobAccepted: {
      /**
       * Format: uuid
       * @description UUID
       */
      job_id: string;
      /** @enum {string} */
      status:
        | 'pending'
        | 'queued'
        | 'processing'
        | 'quality_check'
        | 'completed'
        | 'rejected'
        | 'failed'
        | 'timeout'
        | 'cancelled';
      seed: number;
      count: number;
      workflow: string;
      model_name: string;
      /**
       * @default standard
       * @enum {string}
       */
      preset: 'draft' | 'low' | 'standard' | 'high' | 'final';
      width: number;
      height: number;
      /**
       * @description 0 where the workflow does not sample
       * @default 0
       */
      steps: number;
      frame_count: number;
      fps: number | null;
      duration_seconds: number | null;
      /**
       * @description whether it will have the sound of the film that is worked on
       * @default false
       */
      sound: boolean;
      /**
       * @description what may not be meant, or comes out otherwise than the inputs might suggest: families of models, sizes, durations, sound
       * @default []
       */
      warnings: string[];
      /**
       * @description when it should be ready; null where nobody said
       * @default null
       */
      deadline_at: string | null;
      /**
       * @description likely: p80 of the estimate is before the deadline; possible: only its low; unlikely: neither; unknown: no estimate; kept, missed: it is over. Null without a deadline
       * @default null
       */
      deadline_outlook: ('likely' | 'possible' | 'unlikely' | 'unknown' | 'kept' | 'missed') | null;
      /**
       * @description what it is less than asked, to be ready in time
       * @default []
       */
      given_up: components['schemas']['GivenUp'][];
      estimate: components['schemas']['Estimate'];
      suggestion: string | null;
      websocket_url: string;
      job_url: string;
    };
    GivenUp: {
      /** @description `preset`, or the parameter that has another value */
      field: string;
      asked: string | number | boolean;
      given: string | number | boolean;
      /** @description the same for a person */
      sentence: string;
    };
    Estimate: {
      start_at: string | null;
      finish_at: string | null;
      remaining_seconds: number | null;
      low: number | null;
      high: number | null;
      /** @default null */
      p80: number | null;
      confidence: number | null;
      basis: string;
    };
    GenerateConflict: {
      type: string;
      title: string;
      status: number;
      code: string;
      detail: string;
      instance?: string;
      correlation_id?: string;
      retry_after_seconds?: number;
      /** @description of a create whose outcome is not known: repeat the request with this as Idempotency-Key, and it is made once */
      idempotency_key?: string;
      errors?: {
        pointer: string;
        message: string;
      }[];
      /** @description how many more fields are wrong than `errors` names */
      errors_omitted?: number;
      /** @description of `deadline_impossible`: null where it is not known */
      earliest_finish_at?: string | null;
      /** @description the same in seconds from the answer */
      earliest_seconds?: number | null;
    };
    EstimateAnswer: {
      workflow: string;
      model_name: string;
      count: number;
      priority: string;
      /** @description from `time_budget_seconds` or `deadline_at`; null without either */
      deadline_at: string | null;
      /** @description each preset that the workflow has, from the quickest to the best */
      presets: components['schemas']['PresetForecast'][];
      /** @description the best preset that fits the budget; null without a budget, or where none does */
      best: ('draft' | 'low' | 'standard' | 'high' | 'final') | null;
      /** @description what POST /generate would make of this body now */
      chosen: components['schemas']['ChosenForecast'];
      /** @description what POST /generate would answer to a strict deadline that cannot be kept */
      refusal: {
        code: string;
        detail: string;
      } | null;
      /** @description a sentence when another preset would be ready much sooner */
      suggestion: string | null;
      warnings: string[];
    };
    PresetForecast: {
      width: number;
      height: number;
      /** @description 0 where the workflow does not sample */
      steps: number;
      frame_count: number;
      fps: number | null;
      /** @description the card on which the last result would be made */
      gpu: string | null;
      /** @description all cards that would have a part in it */
      gpus: string[];
      /** @description seconds until the first result is begun */
      starts_in: number | null;
      /** @description seconds until all is ready */
      ready_in: number | null;
      /** @description seconds; interval around `ready_in` */
      low: number | null;
      high: number | null;
      /** @description seconds within which four of five should be ready; budgets and deadlines are held against it */
      p80: number | null;
      finish_at: string | null;
      /** @description probability of the interval; null for priors and batches */
      confidence: number | null;
      /** @description measured or a prior, in words; `unknown: …` where there are no numbers, and why */
      basis: string;
      /** @description whether p80 is within the budget; null without a budget or without numbers */
      fits: boolean | null;
      /** @enum {string} */
      preset: 'draft' | 'low' | 'standard' | 'high' | 'final';
    };
    ChosenForecast: {
      width: number;
      height: number;
      /** @description 0 where the workflow does not sample */
      steps: number;
      frame_count: number;
      fps: number | null;
      /** @description the card on which the last result would be made */
      gpu: string | null;
      /** @description all cards that would have a part in it */
      gpus: string[];
      /** @description seconds until the first result is begun */
      starts_in: number | null;
      /** @description seconds until all is ready */
      ready_in: number | null;
      /** @description seconds; interval around `ready_in` */
      low: number | null;
      high: number | null;
      /** @description seconds within which four of five should be ready; budgets and deadlines are held against it */
      p80: number | null;
      finish_at: string | null;
      /** @description probability of the interval; null for priors and batches */
      confidence: number | null;
      /** @description measured or a prior, in words; `unknown: …` where there are no numbers, and why */
      basis: string;
      /** @description whether p80 is within the budget; null without a budget or without numbers */
      fits: boolean | null;
      /** @enum {string} */
      preset: 'draft' | 'low' | 'standard' | 'high' | 'final';
      /** @description what it would be less than asked */
      given_up: components['schemas']['GivenUp'][];
    };
    JobSummary: {
      /**
       * Format: uuid
       * @description UUID
       */
      id: string;
      /**
       * Format: uuid
       * @description UUID
       */
      project_id: string;
      /** @enum {string} */
      job_type: 'still_image' | 'animation_loop' | 'full_video' | 'character_sheet';
      workflow: string;
      /** @enum {string} */
      preset: 'draft' | 'low' | 'standard' | 'high' | 'final';
      /** @enum {string} */
      priority: 'urgent' | 'high' | 'normal' | 'low';
      /** @enum {string} */
      status:
        | 'pending'
        | 'queued'
        | 'processing'
        | 'quality_check'
        | 'completed'
        | 'rejected'
        | 'failed'
        | 'timeout'
        | 'cancelled';
      stage: string;
      progress: number;
      /** @description its first 200 characters; GET /jobs/{id} has the whole */
      prompt: string;
      model_name: string;
      width: number;
      height: number;
      frame_count: number;
      fps: number | null;
      seed: number;
      count: number;
      /**
       * @description it measures its card, and is not judged
       * @default false
       */
      calibration: boolean;
      images_complete: number;
      gpus: string[];
      /**
       * Format: date-time
       * @description instant, ISO 8601, UTC
       */
      created_at: string;
      ended_at: string | null;
      total_seconds: number | null;
      error: components['schemas']['JobError'] | null;
      /** @description whether `prompt` is only the beginning */
      prompt_cut: boolean;
    };
    JobError: {
      code: string;
      message: string;
      hint: string;
    };
    Job: {
      /** @enum {string} */
      status:
        | 'pending'
        | 'queued'
        | 'processing'
        | 'quality_check'
        | 'completed'
        | 'rejected'
        | 'failed'
        | 'timeout'
        | 'cancelled';
      stage: string;
      progress: number;
      step: number | null;
      total_steps: number | null;
      images_complete: number;
      images_total: number;
      frames_complete: number | null;
      frames_total: number | null;
      gpu: string | null;
      gpus: string[];
      gpu_queue_position: number | null;
      estimate: components['schemas']['Estimate'];
      /**
       * Format: uuid
       * @description UUID
       */
      id: string;
      /**
       * Format: uuid
       * @description UUID
       */
      project_id: string;
      character_ids: string[];
      /** @enum {string} */
      job_type: 'still_image' | 'animation_loop' | 'full_video' | 'character_sheet';
      workflow: string;
      /** @enum {string} */
      preset: 'draft' | 'low' | 'standard' | 'high' | 'final';
      /** @enum {string} */
      priority: 'urgent' | 'high' | 'normal' | 'low';
      prompt: string;
      negative_prompt: string;
      full_prompt: string;
      full_negative_prompt: string;
      /** @description whether `{a|b}` are alternatives; what was chosen: `/jobs/{id}/params` */
      dynamic_prompts: boolean;
      model_name: string;
      width: number;
      height: number;
      steps: number;
      cfg_scale: number | null;
      sampler_name: string | null;
      scheduler: string | null;
      frame_count: number;
      fps: number | null;
      /**
       * @description what may not be meant, or comes out otherwise than the inputs might suggest: families of models, sizes, durations, sound
       * @default []
       */
      warnings: string[];
      seed: number;
      count: number;
      parameters: {
        [key: string]: string | number | boolean;
      };
      loras: components['schemas']['Lora'][];
      references: components['schemas']['Reference'][];
      controlnets: components['schemas']['ControlNet'][];
      images: {
        [key: string]: components['schemas']['InputImage'];
      };
      /**
       * @description the only card that may render it; null where any may
       * @default null
       */
      only_gpu: string | null;
      /**
       * @description it measures its card, and is not judged
       * @default false
       */
      calibration: boolean;
      /**
       * @description when it should be ready; null where nobody said
       * @default null
       */
      deadline_at: string | null;
      /**
       * @description likely: p80 of the estimate is before the deadline; possible: only its low; unlikely: neither; unknown: no estimate; kept, missed: it is over. Null without a deadline
       * @default null
       */
      deadline_outlook: ('likely' | 'possible' | 'unlikely' | 'unknown' | 'kept' | 'missed') | null;
      /**
       * @description what it is less than asked, to be ready in time
       * @default []
       */
      given_up: components['schemas']['GivenUp'][];
      allow_degrade: boolean;
      auto_quality_check: boolean;
      max_regenerations: number;
      /** @description who paused it; null while it is given to cards */
      paused: components['schemas']['Standstill'] | null;
      /** @description the job that this one repeats; null for one that was asked for */
      retry_of: string | null;
      /**
       * Format: date-time
       * @description instant, ISO 8601, UTC
       */
      created_at: string;
      queued_at: string | null;
      started_at: string | null;
      rendered_at: string | null;
      ended_at: string | null;
      total_seconds: number | null;
      attempt: number;
      scores: components['schemas']['Score'][];
      error: components['schemas']['JobError'] | null;
      tasks: components['schemas']['Task'][];
    };
    Lora: {
      file: string;
      strength_model: number;
      strength_clip: number;
    };
    Reference: {
      /** @enum {string} */
      kind: 'ipadapter' | 'faceid';
      /** @description name among `images` */
      image: string;
      weight: number;
      /** @description share of the sampling */
      start: number;
      /** @description share of the sampling */
      end: number;
    };
    ControlNet: {
      file: string;
      /** @description name among `images` */
      image: string;
      strength: number;
      /** @description share of the sampling */
      start: number;
      /** @description share of the sampling */
      end: number;
    };
    InputImage: {
      /** @description below the library folder */
      path: string;
      sha256: string;
    };
    Score:
      | {
          /** @constant */
          state: 'computed';
          metric: string;
          value: number;
          threshold: number | null;
          passed: boolean | null;
        }
      | {
          /** @constant */
          state: 'not_computed';
          metric: string;
          /** @enum {string} */
          reason:
            | 'model_missing'
            | 'decode_failed'
            | 'file_missing'
            | 'decoder_missing'
            | 'too_few_frames'
            | 'over_budget'
            | 'inference_failed';
        }
      | {
          /** @constant */
          state: 'not_applicable';
          metric: string;
          /** @enum {string} */
          reason: 'single_frame' | 'no_character' | 'no_reference' | 'not_a_loop' | 'static' | 'no_expected_frames';
        };
    Task: {
      /**
       * Format: uuid
       * @description UUID
       */
      id: string;
      idx: number;
      /** @enum {string} */
      state: 'queued' | 'rendering' | 'checking' | 'done' | 'rejected' | 'failed' | 'timeout' | 'cancelled';
      seed: number;
      plan: components['schemas']['Plan'];
      recovery: components['schemas']['RecoveryStep'][];
      attempts: components['schemas']['Attempt'][];
      attempts_total: number;
    };
    Plan: {
      steps: string[];
    };
    RecoveryStep: {
      step: string;
      because: string;
      after_attempt: number;
      gpu: string;
      detail: string;
      /**
       * Format: date-time
       * @description instant, ISO 8601, UTC
       */
      at: string;
    };
    Attempt: {
      /**
       * Format: uuid
       * @description UUID
       */
      id: string;
      n: number;
      /** @enum {string} */
      state:
        | 'dispatching'
        | 'running'
        | 'collecting'
        | 'checking'
        | 'succeeded'
        | 'rejected'
        | 'failed'
        | 'lost'
        | 'cancelled';
      gpu: string;
      /**
       * Format: uuid
       * @description UUID
       */
      prompt_id: string;
      seed: number;
      /**
       * Format: date-time
       * @description instant, ISO 8601, UTC
       */
      dispatched_at: string;
      started_at: string | null;
      ended_at: string | null;
      seconds: number | null;
      outcome: string | null;
      error: components['schemas']['JobError'] | null;
      estimated_seconds: number | null;
      plan: components['schemas']['Plan'];
      recovery: components['schemas']['RecoveryStep'] | null;
      verdict: ('passed' | 'failed') | null;
      scores: components['schemas']['Score'][];
    };
    JobExplanation: {
      /**
       * Format: uuid
       * @description UUID
       */
      job_id: string;
      /** @enum {string} */
      status:
        | 'pending'
        | 'queued'
        | 'processing'
        | 'quality_check'
        | 'completed'
        | 'rejected'
        | 'failed'
        | 'timeout'
        | 'cancelled';
      /** @description all of it for a person, the most important first */
      sentences: string[];
      /** @description place in line of what is served next, on the card it is planned for; null where none waits in line */
      position: number | null;
      /** @description the card that works on it, or that the plan has for what is served next */
      gpu: string | null;
      /** @description seconds until what is served next is begun */
      starts_in: number | null;
      /** @description seconds until all of it is ready */
      ready_in: number | null;
      deadline_outlook: ('likely' | 'possible' | 'unlikely' | 'unknown' | 'kept' | 'missed') | null;
      /** @description what the card does before it, in that order */
      ahead: components['schemas']['JobAhead'][];
      /** @description how many more there are than `ahead` names */
      ahead_omitted?: number;
      /** @description what each card makes of what is served next; empty where none waits */
      cards: components['schemas']['CardStance'][];
      /** @description each planned anew, the most first; empty where nothing is known to help */
      sooner: components['schemas']['JobSooner'][];
    };
    JobAhead: {
      /** @description null where it is no job of ours */
      job_id: string | null;
      gpu: string;
      /** @enum {string} */
      reason: 'running' | 'foreign' | 'by_hand' | 'priority' | 'deadline' | 'older' | 'same_model' | 'planned';
      /** @description that it still takes there; null where nobody knows */
      seconds: number | null;
      /** @description so many of its results are before this job */
      tasks: number;
      sentence: string;
    };
    CardStance: {
      gpu: string;
      takes_it: boolean;
      /** @description why it does not */
      reason: string | null;
      /** @description that it would take there; null where it cannot be made there */
      seconds: number | null;
      basis: string | null;
    };
    JobSooner: {
      /** @description `priority: urgent`, `preset: draft`, `card: rtx3060`, `model: rtx3060` */
      change: string;
      /** @description null where it cannot be told: it has no end now */
      seconds_sooner: number | null;
      sentence: string;
    };
    JobDecision: {
      /**
       * Format: uuid
       * @description UUID
       */
      id: string;
      /**
       * Format: date-time
       * @description instant, ISO 8601, UTC
       */
      decided_at: string;
      /** @description of the planner that decided */
      planner_version: number;
      /** @enum {string} */
      objective: 'flow' | 'makespan';
      seed: number;
      /** @description so many tasks came into question, of whatever job */
      waiting: number;
      /** @description those of this job */
      tasks: components['schemas']['DecidedTask'][];
      /**
       * @description whether today's planner decides the same from what was recorded; it was run for this answer
       * @enum {string}
       */
      replay: 'same' | 'differs';
      /** @description in words; empty where it decides the same */
      differences: string[];
    };
    DecidedTask: {
      /**
       * Format: uuid
       * @description UUID
       */
      task_id: string;
      /** @description the card that the plan had for it */
      gpu: string;
      /** @enum {string} */
      action: 'started' | 'sent_ahead' | 'taken_back' | 'left_waiting';
      /**
       * @description why the plan had it there
       * @enum {string}
       */
      reason:
        | 'only_card'
        | 'overdue'
        | 'passed_over'
        | 'models_loaded'
        | 'free_first'
        | 'preferred'
        | 'ready_first'
        | 'configured_first';
      /** @description why it was taken back; else null */
      because: string | null;
      /** @description seconds from the decision; 0 where it started */
      starts_in: number;
      /** @description seconds from the decision, as the plan had it */
      ready_in: number;
      /** @description the attempt that came of it; null where none did */
      attempt_id: string | null;
      /** @description what each card made of it */
      cards: components['schemas']['DecisionCard'][];
    };
    DecisionCard: {
      gpu: string;
      chosen: boolean;
      /** @description whether it could render the task at all */
      takes_it: boolean;
      /** @description why it could not, or was not free then */
      reason: string | null;
      /** @description seconds from the decision until the task would be ready there, were it the next one; null: not known */
      ready_in: number | null;
      /** @description counted on top, because the card prefers other work or its memory may be too small */
      penalty_seconds: number | null;
    };
    Artifact: {
      /**
       * Format: uuid
       * @description UUID
       */
      id: string;
      /**
       * Format: uuid
       * @description UUID
       */
      job_id: string;
      /**
       * Format: uuid
       * @description UUID
       */
      task_id: string;
      /**
       * Format: uuid
       * @description UUID
       */
      attempt_id: string;
      attempt: number;
      idx: number;
      /** @enum {string} */
      role: 'output';
      path: string;
      sha256: string;
      bytes: number;
      media_type: string;
      width: number;
      height: number;
      frames: number | null;
      fps: number | null;
      duration_seconds: number | null;
      /**
       * @description whether a film has sound; null for a picture, or where nobody looked
       * @default null
       */
      sound: boolean | null;
      gpu: string;
      seed: number;
      seconds: number | null;
      simulated: boolean;
      verdict: ('passed' | 'failed') | null;
      best: boolean;
      /**
       * Format: date-time
       * @description instant, ISO 8601, UTC
       */
      created_at: string;
      content_url: string;
      thumbnail_url: string;
    };
    JobEvent: {
      /**
       * Format: uuid
       * @description UUID
       */
      job_id: string;
      seq: number;
      type: string;
      /**
       * Format: date-time
       * @description instant, ISO 8601, UTC
       */
      at: string;
      data: {
        [key: string]: unknown;
      };
    };
    GenerationParams: {
      /**
       * Format: uuid
       * @description UUID
       */
      attempt_id: string;
      attempt: number;
      /**
       * Format: uuid
       * @description UUID
       */
      task_id: string;
      gpu: string;
      graph: {
        [key: string]: unknown;
      };
      graph_sha256: string;
      parameters: {
        [key: string]: unknown;
      };
      /** @description what was chosen among alternatives, in order */
      prompt_choices: {
        parameter: string;
        options: string[];
        chosen: string;
      }[];
      plan: components['schemas']['Plan'];
      workflow: string;
      workflow_version: number;
      comfyui_version: string | null;
      device: string | null;
      pytorch_version: string | null;
      /**
       * Format: date-time
       * @description instant, ISO 8601, UTC
       */
      recorded_at: string;
    };
    JobQuality: {
      /**
       * Format: uuid
       * @description UUID
       */
      job_id: string;
      attempts: {
        /**
         * Format: uuid
         * @description UUID
         */
        attempt_id: string;
        /**
         * Format: uuid
         * @description UUID
         */
        task_id: string;
        /** @enum {string} */
        verdict: 'passed' | 'failed';
        reasons: string[];
        scores: components['schemas']['Score'][];
        /**
         * Format: date-time
         * @description instant, ISO 8601, UTC
         */
        judged_at: string;
      }[];
      /** @description absent on the last page */
      next_cursor?: string;
    };
    CalibrationStarted: {
      gpu: string;
      jobs: {
        /**
         * Format: uuid
         * @description UUID
         */
        job_id: string;
        workflow: string;
        model_name: string;
        width: number;
        height: number;
        /** @description 0 where nothing is sampled */
        steps: number;
        frame_count: number;
        count: number;
      }[];
      skipped: {
        workflow: string;
        model_name: string | null;
        reason: string;
      }[];
    };
    GpuDetail: {
      name: string;
      url: string;
      /** @enum {string} */
      vendor: 'nvidia' | 'amd' | 'intel' | 'cpu' | 'unknown';
      /** @enum {string} */
      state: 'unknown' | 'idle' | 'busy' | 'shared' | 'unhealthy' | 'down';
      detail: string;
      simulated: boolean;
      comfyui_version: string | null;
      device: string | null;
      vram_mb: number | null;
      vram_free_mb: number | null;
      prefers: ('image' | 'upscale' | 'preview' | 'video' | 'interpolation')[];
      only: boolean;
      checkpoints: string[];
      /** @description how many more there are than fit into this answer */
      checkpoints_omitted?: number;
      current_job_id: string | null;
      /** @description who took it out of use; null while it is given work */
      drained: components['schemas']['Standstill'] | null;
      /** @description MiB that other programs claim now */
      claimed_mb: number;
      foreign_prompts: number;
      warnings: string[];
      last_seen_at: string | null;
      /** @description empty while nothing is known, as after a restart or a failure */
      loaded: {
        /** @description folder and name, such as checkpoints/anime.safetensors */
        file: string;
        /** @description when the attempt that loaded it was sent; null where that was over an hour ago */
        since: string | null;
      }[];
      memory: {
        total_mb: number | null;
        /** @description at the last look, as its server says */
        free_mb: number | null;
        claimed_mb: number;
        /** @description what claims leave of the whole */
        left_mb: number | null;
      };
      /** @description that hold now, the one that ends first before the others */
      claims: components['schemas']['GpuClaim'][];
      running: {
        /**
         * Format: uuid
         * @description UUID
         */
        job_id: string;
        /**
         * Format: uuid
         * @description UUID
         */
        task_id: string;
        /**
         * Format: uuid
         * @description UUID
         */
        attempt_id: string;
        attempt: number;
        workflow: string;
        stage: string;
        progress: number;
        /**
         * Format: date-time
         * @description instant, ISO 8601, UTC
         */
        since: string;
        remaining_seconds: number | null;
        unknown: string | null;
      }[];
      /** @description the first that the plan has for it */
      next: {
        /**
         * Format: uuid
         * @description UUID
         */
        job_id: string;
        /**
         * Format: uuid
         * @description UUID
         */
        task_id: string;
        workflow: string;
        /** @enum {string} */
        priority: 'urgent' | 'high' | 'normal' | 'low';
        start_in_seconds: number;
        finish_in_seconds: number;
        low: number;
        high: number;
        basis: string;
        /** @description why these times are only the least */
        unknown: string | null;
      }[];
      /** @description how many the plan has for it, as far as it looks */
      next_total: number;
      last_hour: components['schemas']['GpuUtilisation'];
    };
    GpuClaim: {
      /**
       * Format: uuid
       * @description UUID
       */
      id: string;
      gpu: string;
      megabytes: number;
      who: string;
      /**
       * Format: date-time
       * @description instant, ISO 8601, UTC
       */
      since: string;
      /**
       * Format: date-time
       * @description when it ends by itself
       */
      until: string;
      /** @description 0 when it has ended */
      remaining_seconds: number;
      /** @description null while it holds */
      ended_at: string | null;
      /** @description whether models were unloaded for it; while they are not, nothing new starts */
      memory_freed: boolean;
    };
    QueueOrder: {
      /**
       * Format: uuid
       * @description UUID
       */
      job_id: string;
      before: string | null;
      after: string | null;
    };
    WithdrawnOrders: {
      /**
       * Format: uuid
       * @description UUID
       */
      job_id: string;
      /** @description what was ordered of this job and held until now; none: nothing held */
      withdrawn: components['schemas']['QueueOrder'][];
    };
    QueuePause: {
      /** @description null while the queue is served */
      paused: components['schemas']['Standstill'] | null;
    };
    Upload: {
      /**
       * Format: uuid
       * @description UUID
       */
      id: string;
      path: string;
      sha256: string;
      bytes: number;
      /**
       * @description told by the bytes; what the sender called it plays no part
       * @enum {string}
       */
      media_type:
        'image/png' | 'image/webp' | 'image/jpeg' | 'image/gif' | 'video/mp4' | 'video/webm' | 'video/x-matroska';
      width: number;
      height: number;
      /** @description of what moves, counted by decoding; null for a still */
      frames: number | null;
      /** @description mean over the film; null for a still */
      fps: number | null;
      duration_seconds: number | null;
      /** @description whether a film has sound; null for a still */
      sound: boolean | null;
      /**
       * Format: date-time
       * @description instant, ISO 8601, UTC
       */
      created_at: string;
      /** @description when a job first named it; from then on it is kept */
      used_at: string | null;
      /** @description when it is deleted unless a job names it before; null once one has */
      expires_at: string | null;
      content_url: string;
      thumbnail_url: string;
    };
    UploadMetadata: {
      /**
       * Format: uuid
       * @description UUID
       */
      upload_id: string;
      /** @description an artifact of this library with the very same bytes */
      artifact_id: string | null;
      /** @description the job that made that artifact */
      job_id: string | null;
      /** @description the graph that ComfyUI ran, as it embeds it in PNG files; null where there is none */
      prompt: {
        [key: string]: unknown;
      } | null;
      /** @description the graph as ComfyUI's editor saves it; null where there is none */
      workflow: {
        [key: string]: unknown;
      } | null;
      /** @description the text that other programs embed under this name */
      parameters: string | null;
      /** @description what is there, and is too large or not what it should be */
      omitted: ('prompt' | 'workflow' | 'parameters')[];
      /** @description what of it can be told in the fields of POST /generate; empty where nothing can */
      request: {
        prompt?: string;
        negative_prompt?: string;
        model_name?: string;
        lora_models?: {
          name: string;
          strength: number;
        }[];
        width?: number;
        height?: number;
        seed?: number;
        steps?: number;
        cfg_scale?: number;
        sampler_name?: string;
        scheduler?: string;
      };
    };
  };
  responses: {
    /** @description The request is not valid */
    Problem400: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description Refused: another site asks, or the door is not known under this name */
    Problem403: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description Another method is needed; see Allow */
    Problem405: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description The request took too long to arrive */
    Problem408: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description The address is too long */
    Problem414: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description More is asked than can be done now; see Retry-After */
    Problem429: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description The headers are too large */
    Problem431: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description Something went wrong on our side */
    Problem500: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description Not available right now; see Retry-After */
    Problem503: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description There is no such thing */
    Problem404: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description Not possible in the present state, or the Idempotency-Key was used with another body */
    Problem409: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description The body is larger than 1 MB (1,000,000 bytes), or too large for the services behind; or an upload is larger than it may be */
    Problem413: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description The body is not JSON; or an upload is no picture and no film that is taken */
    Problem415: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description Not changed since */
    NotModified: {
      headers: {
        [name: string]: unknown;
      };
      content?: never;
    };
    /** @description The file is not in the library any more */
    Problem410: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description The file has no such part */
    Problem416: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description The file has too many pixels, or does not decode to its end */
    Problem422: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['Problem'];
      };
    };
  };
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
  getHealth: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Liveness and readiness of every part, by name */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Health'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      414: components['responses']['Problem414'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      /** @description Not available right now; see Retry-After */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['HealthProblem'];
        };
      };
    };
  };
  getStatus: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Queue, cards, processes, disk, models */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Status'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      414: components['responses']['Problem414'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  listDeadLetters: {
    parameters: {
      query?: {
        /** @description at most so many; a page of large items is shorter: only a missing `next_cursor` says that it is the last */
        limit?: number;
        cursor?: string;
        service?: 'gateway' | 'projects' | 'characters' | 'rendering' | 'quality' | 'echo-bridge';
        state?: 'open' | 'redriven' | 'dismissed';
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Messages between services that could not be handled, newest first */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            items: components['schemas']['DeadLetter'][];
            next_cursor?: string;
            silent: string[];
          };
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      414: components['responses']['Problem414'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  getDeadLetter: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description One of them, with the message */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['DeadLetterDetail'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      414: components['responses']['Problem414'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  redriveDeadLetters: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          ids: string[];
        };
      };
    };
    responses: {
      /** @description Hand messages to their reader again */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            items: components['schemas']['SettledDeadLetter'][];
          };
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      409: components['responses']['Problem409'];
      413: components['responses']['Problem413'];
      414: components['responses']['Problem414'];
      415: components['responses']['Problem415'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  dismissDeadLetters: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          ids: string[];
        };
      };
    };
    responses: {
      /** @description Say that messages need not be handled */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            items: components['schemas']['SettledDeadLetter'][];
          };
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      409: components['responses']['Problem409'];
      413: components['responses']['Problem413'];
      414: components['responses']['Problem414'];
      415: components['responses']['Problem415'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  listWorkflows: {
    parameters: {
      query?: {
        /** @description at most so many; a page of large items is shorter: only a missing `next_cursor` says that it is the last */
        limit?: number;
        cursor?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description What can be made, and which card can make it now */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            items: components['schemas']['WorkflowSummary'][];
            next_cursor?: string;
          };
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      414: components['responses']['Problem414'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  getWorkflow: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        name: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description One workflow: parameters, presets, needs, fallbacks, and which card can run it now */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Workflow'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      414: components['responses']['Problem414'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  listProjects: {
    parameters: {
      query?: {
        /** @description at most so many; a page of large items is shorter: only a missing `next_cursor` says that it is the last */
        limit?: number;
        cursor?: string;
        include_archived?: 'true' | 'false';
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Projects, newest first */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            items: components['schemas']['Project'][];
            next_cursor?: string;
          };
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      414: components['responses']['Problem414'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  createProject: {
    parameters: {
      query?: never;
      header?: {
        /** @description Opaque; a repeat with the same key and body gets the first answer */
        'Idempotency-Key'?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          name: string;
          /** @default  */
          description?: string;
          /**
           * @default enforce
           * @enum {string}
           */
          gate_policy?: 'enforce' | 'advise';
        };
      };
    };
    responses: {
      /** @description Create a project */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Project'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      409: components['responses']['Problem409'];
      413: components['responses']['Problem413'];
      414: components['responses']['Problem414'];
      415: components['responses']['Problem415'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  getProject: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description One project */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Project'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      414: components['responses']['Problem414'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  archiveProject: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Archive a project; nothing is deleted */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Project'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      409: components['responses']['Problem409'];
      413: components['responses']['Problem413'];
      414: components['responses']['Problem414'];
      415: components['responses']['Problem415'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  updateProject: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          name?: string;
          description?: string;
          /** @enum {string} */
          gate_policy?: 'enforce' | 'advise';
        };
      };
    };
    responses: {
      /** @description Change a project */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Project'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      409: components['responses']['Problem409'];
      413: components['responses']['Problem413'];
      414: components['responses']['Problem414'];
      415: components['responses']['Problem415'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  listProjectCharacters: {
    parameters: {
      query?: {
        /** @description at most so many; a page of large items is shorter: only a missing `next_cursor` says that it is the last */
        limit?: number;
        cursor?: string;
        include_archived?: 'true' | 'false';
      };
      header?: never;
      path: {
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Characters of one project */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            items: components['schemas']['Character'][];
            next_cursor?: string;
          };
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      414: components['responses']['Problem414'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  createCharacter: {
    parameters: {
      query?: never;
      header?: {
        /** @description Opaque; a repeat with the same key and body gets the first answer */
        'Idempotency-Key'?: string;
      };
      path: {
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          name: string;
          /** @default  */
          base_prompt?: string;
          /** @default [] */
          negative_tokens?: string[];
        };
      };
    };
    responses: {
      /** @description Create a character in a project */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Character'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      409: components['responses']['Problem409'];
      413: components['responses']['Problem413'];
      414: components['responses']['Problem414'];
      415: components['responses']['Problem415'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  listCharacters: {
    parameters: {
      query?: {
        /** @description at most so many; a page of large items is shorter: only a missing `next_cursor` says that it is the last */
        limit?: number;
        cursor?: string;
        project_id?: string;
        include_archived?: 'true' | 'false';
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Characters, newest first */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            items: components['schemas']['Character'][];
            next_cursor?: string;
          };
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      414: components['responses']['Problem414'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  getCharacter: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description One character */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Character'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      414: components['responses']['Problem414'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  archiveCharacter: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Archive a character; nothing is deleted */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Character'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      409: components['responses']['Problem409'];
      413: components['responses']['Problem413'];
      414: components['responses']['Problem414'];
      415: components['responses']['Problem415'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  updateCharacter: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          name?: string;
          base_prompt?: string;
          negative_tokens?: string[];
        };
      };
    };
    responses: {
      /** @description Change a character */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Character'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      409: components['responses']['Problem409'];
      413: components['responses']['Problem413'];
      414: components['responses']['Problem414'];
      415: components['responses']['Problem415'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  generate: {
    parameters: {
      query?: never;
      header?: {
        /** @description Opaque; a repeat with the same key and body gets the first answer */
        'Idempotency-Key'?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['GenerateRequest'] | components['schemas']['ShortGenerateRequest'];
      };
    };
    responses: {
      /** @description Ask for pictures or films */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['JobAccepted'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      /** @description Not possible in the present state, or the Idempotency-Key was used with another body */
      409: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['GenerateConflict'];
        };
      };
      413: components['responses']['Problem413'];
      414: components['responses']['Problem414'];
      415: components['responses']['Problem415'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  estimate: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['GenerateRequest'] | components['schemas']['ShortGenerateRequest'];
      };
    };
    responses: {
      /** @description When a request would be ready, with each preset; nothing is made */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['EstimateAnswer'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      409: components['responses']['Problem409'];
      413: components['responses']['Problem413'];
      414: components['responses']['Problem414'];
      415: components['responses']['Problem415'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  listJobs: {
    parameters: {
      query?: {
        /** @description at most so many; a page of large items is shorter: only a missing `next_cursor` says that it is the last */
        limit?: number;
        cursor?: string;
        project_id?: string;
        state?:
          | 'pending'
          | 'queued'
          | 'processing'
          | 'quality_check'
          | 'completed'
          | 'rejected'
          | 'failed'
          | 'timeout'
          | 'cancelled';
        type?: 'still_image' | 'animation_loop' | 'full_video' | 'character_sheet';
        gpu?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Jobs, newest first */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            items: components['schemas']['JobSummary'][];
            next_cursor?: string;
          };
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      414: components['responses']['Problem414'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  getJob: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description One job with its progress, tasks and attempts */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Job'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      414: components['responses']['Problem414'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  changeJob: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** @enum {string} */
          priority?: 'urgent' | 'high' | 'normal' | 'low';
          /** @description when it should be ready, ISO 8601 with Z or an offset; null takes the deadline away */
          deadline_at?: string | null;
        };
      };
    };
    responses: {
      /** @description Another priority or deadline for a job that has not ended */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Job'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      409: components['responses']['Problem409'];
      413: components['responses']['Problem413'];
      414: components['responses']['Problem414'];
      415: components['responses']['Problem415'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  explainJob: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Why it waits, what is before it, on which card and why, and what would make it ready sooner */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['JobExplanation'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      414: components['responses']['Problem414'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  listJobDecisions: {
    parameters: {
      query?: {
        /** @description at most so many */
        limit?: number;
        cursor?: string;
      };
      header?: never;
      path: {
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description What the planner decided about the job, and whether it would decide so again */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            items: components['schemas']['JobDecision'][];
            next_cursor?: string;
          };
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      414: components['responses']['Problem414'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  cancelJob: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': {
          /** @default  */
          reason?: string;
        };
      };
    };
    responses: {
      /** @description Cancel a job that has not ended */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Job'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      409: components['responses']['Problem409'];
      413: components['responses']['Problem413'];
      414: components['responses']['Problem414'];
      415: components['responses']['Problem415'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  pauseJob: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': {
          /** @default  */
          reason?: string;
          /**
           * @description who asks, for those who read it later
           * @default a person
           */
          who?: string;
        };
      };
    };
    responses: {
      /** @description Start nothing more of a job; what runs ends */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Job'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      409: components['responses']['Problem409'];
      413: components['responses']['Problem413'];
      414: components['responses']['Problem414'];
      415: components['responses']['Problem415'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  resumeJob: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': {
          /**
           * @description who asks, for those who read it later
           * @default a person
           */
          who?: string;
        };
      };
    };
    responses: {
      /** @description Go on with a paused job, at its old place in line */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Job'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      409: components['responses']['Problem409'];
      413: components['responses']['Problem413'];
      414: components['responses']['Problem414'];
      415: components['responses']['Problem415'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  retryJob: {
    parameters: {
      query?: never;
      header?: {
        /** @description Opaque; a repeat with the same key and body gets the first answer */
        'Idempotency-Key'?: string;
      };
      path: {
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': Record<string, never>;
      };
    };
    responses: {
      /** @description Ask again for what a job that ended did not bring */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Job'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      409: components['responses']['Problem409'];
      413: components['responses']['Problem413'];
      414: components['responses']['Problem414'];
      415: components['responses']['Problem415'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  listJobArtifacts: {
    parameters: {
      query?: {
        /** @description at most so many; a page of large items is shorter: only a missing `next_cursor` says that it is the last */
        limit?: number;
        cursor?: string;
      };
      header?: never;
      path: {
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Files that the job produced */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            items: components['schemas']['Artifact'][];
            next_cursor?: string;
          };
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      414: components['responses']['Problem414'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  listJobEvents: {
    parameters: {
      query?: {
        after?: number;
        limit?: number;
      };
      header?: never;
      path: {
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Everything that happened to the job, numbered without gaps */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            items: components['schemas']['JobEvent'][];
            /** @description `after` of the next page; absent on the last one */
            next_after?: number;
          };
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      414: components['responses']['Problem414'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  listJobParams: {
    parameters: {
      query?: {
        /** @description at most so many; a page of large items is shorter: only a missing `next_cursor` says that it is the last */
        limit?: number;
        cursor?: string;
      };
      header?: never;
      path: {
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The exact graph and parameters of every attempt, oldest first */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            items: components['schemas']['GenerationParams'][];
            next_cursor?: string;
          };
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      414: components['responses']['Problem414'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  getJobQuality: {
    parameters: {
      query?: {
        /** @description at most so many; a page of large items is shorter: only a missing `next_cursor` says that it is the last */
        limit?: number;
        cursor?: string;
      };
      header?: never;
      path: {
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Scores and verdicts of every attempt, oldest first */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['JobQuality'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      414: components['responses']['Problem414'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  calibrateGpu: {
    parameters: {
      query?: never;
      header?: {
        /** @description Opaque; a repeat with the same key and body gets the first answer */
        'Idempotency-Key'?: string;
      };
      path: {
        name: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': {
          workflow?: string;
        };
      };
    };
    responses: {
      /** @description Measure a card with a few light prompts for each workflow and model */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['CalibrationStarted'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      409: components['responses']['Problem409'];
      413: components['responses']['Problem413'];
      414: components['responses']['Problem414'];
      415: components['responses']['Problem415'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  listGpus: {
    parameters: {
      query?: {
        /** @description at most so many; a page of large items is shorter: only a missing `next_cursor` says that it is the last */
        limit?: number;
        cursor?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The cards in the order of the configuration: state, memory, claims, what runs and what comes next */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            items: components['schemas']['GpuDetail'][];
            next_cursor?: string;
          };
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      414: components['responses']['Problem414'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  getGpu: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        name: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description One card */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['GpuDetail'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      414: components['responses']['Problem414'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  drainGpu: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        name: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': {
          /** @default  */
          reason?: string;
          /**
           * @description who asks, for those who read it later
           * @default a person
           */
          who?: string;
        };
      };
    };
    responses: {
      /** @description Take a card out of use: what runs ends, nothing new starts, until it is resumed */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['GpuDetail'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      409: components['responses']['Problem409'];
      413: components['responses']['Problem413'];
      414: components['responses']['Problem414'];
      415: components['responses']['Problem415'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  resumeGpu: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        name: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': {
          /**
           * @description who asks, for those who read it later
           * @default a person
           */
          who?: string;
        };
      };
    };
    responses: {
      /** @description Use a drained card again */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['GpuDetail'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      409: components['responses']['Problem409'];
      413: components['responses']['Problem413'];
      414: components['responses']['Problem414'];
      415: components['responses']['Problem415'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  claimGpuMemory: {
    parameters: {
      query?: never;
      header?: {
        /** @description Opaque; a repeat with the same key and body gets the first answer */
        'Idempotency-Key'?: string;
      };
      path: {
        name: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** @description MiB of the memory of the card */
          megabytes: number;
          /** @description the claim ends by itself after so long, a day at most */
          seconds: number;
          /** @description the program or person that uses the memory */
          who: string;
        };
      };
    };
    responses: {
      /** @description Another program's claim on memory of the card, for a time */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['GpuClaim'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      409: components['responses']['Problem409'];
      413: components['responses']['Problem413'];
      414: components['responses']['Problem414'];
      415: components['responses']['Problem415'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  releaseGpuClaims: {
    parameters: {
      query?: {
        who?: string;
      };
      header?: never;
      path: {
        name: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description End all claims on a card, or all of one program; those that have ended already are not named */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            released: components['schemas']['GpuClaim'][];
          };
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      409: components['responses']['Problem409'];
      413: components['responses']['Problem413'];
      414: components['responses']['Problem414'];
      415: components['responses']['Problem415'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  releaseGpuClaim: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        name: string;
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description End a claim; ending it twice is the same as once */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['GpuClaim'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      409: components['responses']['Problem409'];
      413: components['responses']['Problem413'];
      414: components['responses']['Problem414'];
      415: components['responses']['Problem415'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  orderQueue: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /**
           * Format: uuid
           * @description the job that is moved
           */
          job_id: string;
          /**
           * Format: uuid
           * @description the job that it goes before
           */
          before?: string;
          /**
           * Format: uuid
           * @description the job that it goes after
           */
          after?: string;
        };
      };
    };
    responses: {
      /** @description A job before or after another one of its priority, whatever the planner would do */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['QueueOrder'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      409: components['responses']['Problem409'];
      413: components['responses']['Problem413'];
      414: components['responses']['Problem414'];
      415: components['responses']['Problem415'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  withdrawOrder: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Take back what was ordered of a job by hand; twice is the same as once */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['WithdrawnOrders'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      409: components['responses']['Problem409'];
      413: components['responses']['Problem413'];
      414: components['responses']['Problem414'];
      415: components['responses']['Problem415'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  pauseQueue: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': {
          /** @default  */
          reason?: string;
          /**
           * @description who asks, for those who read it later
           * @default a person
           */
          who?: string;
        };
      };
    };
    responses: {
      /** @description Start nothing new on any card; what runs ends */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['QueuePause'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      409: components['responses']['Problem409'];
      413: components['responses']['Problem413'];
      414: components['responses']['Problem414'];
      415: components['responses']['Problem415'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  resumeQueue: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': {
          /**
           * @description who asks, for those who read it later
           * @default a person
           */
          who?: string;
        };
      };
    };
    responses: {
      /** @description Serve the queue again */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['QueuePause'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      409: components['responses']['Problem409'];
      413: components['responses']['Problem413'];
      414: components['responses']['Problem414'];
      415: components['responses']['Problem415'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  getArtifact: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description One file, described */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Artifact'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      414: components['responses']['Problem414'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  getArtifactContent: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The file */
      200: {
        headers: {
          ETag: string;
          'Accept-Ranges': 'bytes';
          [name: string]: unknown;
        };
        content: {
          'image/png': string;
          'image/webp': string;
          'image/jpeg': string;
          'image/gif': string;
          'video/mp4': string;
          'video/webm': string;
        };
      };
      /** @description The part that was asked for */
      206: {
        headers: {
          'Content-Range': string;
          [name: string]: unknown;
        };
        content: {
          'image/png': string;
          'image/webp': string;
          'image/jpeg': string;
          'image/gif': string;
          'video/mp4': string;
          'video/webm': string;
        };
      };
      304: components['responses']['NotModified'];
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      410: components['responses']['Problem410'];
      414: components['responses']['Problem414'];
      416: components['responses']['Problem416'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  getArtifactThumbnail: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The file */
      200: {
        headers: {
          ETag: string;
          'Accept-Ranges': 'bytes';
          [name: string]: unknown;
        };
        content: {
          'image/webp': string;
        };
      };
      /** @description The part that was asked for */
      206: {
        headers: {
          'Content-Range': string;
          [name: string]: unknown;
        };
        content: {
          'image/webp': string;
        };
      };
      304: components['responses']['NotModified'];
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      410: components['responses']['Problem410'];
      414: components['responses']['Problem414'];
      416: components['responses']['Problem416'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  createUpload: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'image/png': string;
        'image/webp': string;
        'image/jpeg': string;
        'image/gif': string;
        'video/mp4': string;
        'video/webm': string;
        'video/x-matroska': string;
        'application/octet-stream': string;
        'multipart/form-data': {
          file: string;
        };
      };
    };
    responses: {
      /** @description Send a picture or a film, for use wherever the id of an artifact may be */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Upload'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      409: components['responses']['Problem409'];
      413: components['responses']['Problem413'];
      414: components['responses']['Problem414'];
      415: components['responses']['Problem415'];
      422: components['responses']['Problem422'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  getUpload: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description One uploaded file, described */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Upload'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      414: components['responses']['Problem414'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  getUploadContent: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The file */
      200: {
        headers: {
          ETag: string;
          'Accept-Ranges': 'bytes';
          [name: string]: unknown;
        };
        content: {
          'image/png': string;
          'image/webp': string;
          'image/jpeg': string;
          'image/gif': string;
          'video/mp4': string;
          'video/webm': string;
          'application/octet-stream': string;
        };
      };
      /** @description The part that was asked for */
      206: {
        headers: {
          'Content-Range': string;
          [name: string]: unknown;
        };
        content: {
          'image/png': string;
          'image/webp': string;
          'image/jpeg': string;
          'image/gif': string;
          'video/mp4': string;
          'video/webm': string;
          'application/octet-stream': string;
        };
      };
      304: components['responses']['NotModified'];
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      410: components['responses']['Problem410'];
      414: components['responses']['Problem414'];
      416: components['responses']['Problem416'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  getUploadThumbnail: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The file */
      200: {
        headers: {
          ETag: string;
          'Accept-Ranges': 'bytes';
          [name: string]: unknown;
        };
        content: {
          'image/webp': string;
        };
      };
      /** @description The part that was asked for */
      206: {
        headers: {
          'Content-Range': string;
          [name: string]: unknown;
        };
        content: {
          'image/webp': string;
        };
      };
      304: components['responses']['NotModified'];
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      410: components['responses']['Problem410'];
      414: components['responses']['Problem414'];
      416: components['responses']['Problem416'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
  getUploadMetadata: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description UUID */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description What the file says of how it was made: the graphs that ComfyUI embeds in PNG files, and what they ask for */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['UploadMetadata'];
        };
      };
      400: components['responses']['Problem400'];
      403: components['responses']['Problem403'];
      404: components['responses']['Problem404'];
      405: components['responses']['Problem405'];
      408: components['responses']['Problem408'];
      410: components['responses']['Problem410'];
      414: components['responses']['Problem414'];
      429: components['responses']['Problem429'];
      431: components['responses']['Problem431'];
      500: components['responses']['Problem500'];
      503: components['responses']['Problem503'];
    };
  };
}
