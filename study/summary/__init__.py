"""What a study's tables say, setting by setting: shared by the report and the look-up. No torch, no scipy."""
