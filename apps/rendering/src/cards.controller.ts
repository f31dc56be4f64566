import { Controller } from '@nestjs/common';
import { OnRequest } from '@tower/bus';
import { calibrateGpuRequest, type CalibrationStarted, type InputOf } from '@tower/contracts';
import { CalibrationService } from './requests/calibration.service';

@Controller()
export class CardsController {
  constructor(private readonly calibrations: CalibrationService) {}

  @OnRequest(calibrateGpuRequest)
  calibrate(input: InputOf<typeof calibrateGpuRequest>): Promise<CalibrationStarted> {
    return this.calibrations.calibrate(input);
  }
}
