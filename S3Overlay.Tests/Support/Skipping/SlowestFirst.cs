using Xunit.Abstractions;

[assembly: TestCollectionOrderer("S3Overlay.Tests.Support.Skipping.SlowestFirst", "S3Overlay.Tests")]

namespace S3Overlay.Tests.Support.Skipping;

/// <summary>Starts the slowest classes first: one that starts last would run alone while the other cores have nothing to do.</summary>
public sealed class SlowestFirst : ITestCollectionOrderer
{
    /// <summary>Each takes more than ten seconds of the quick run on a busy machine.</summary>
    private static readonly string[] Slowest =
    [
        nameof(Forwarding.BucketCache.ManyReadersOverStoreTests), nameof(Crash.StoreCrashTests), nameof(Failures.BrokenStoreTests),
        nameof(Telemetry.ExportTests), nameof(Forwarding.Credentials.StandardChainTests), nameof(Embedded.FailingDiskTests),
        nameof(Failures.ReadThroughTests), nameof(Contract.UnsignedForwardingTests), nameof(Contract.OverlayTests),
        nameof(Contract.OverlayTestsOnStore), nameof(Races.KeepingStoreTests), nameof(Model.SequenceTests), nameof(Hosting.ProcessTests),
        nameof(Contract.BadInputTests), nameof(House.DependencyTests),
    ];

    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(static collection => Place(collection.DisplayName));

    private static int Place(string collection) =>
        Array.FindIndex(Slowest, name => collection.EndsWith('.' + name, StringComparison.Ordinal)) is >= 0 and var place
            ? place
            : Slowest.Length;
}
