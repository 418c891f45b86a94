namespace S3Overlay.Tests.Support;

/// <summary>Tests that measure the process that they run in: no other test runs at the same time.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public static class AloneInProcess
{
    public const string Name = "alone in the process";
}
