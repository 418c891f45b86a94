using S3Overlay.Tests.Transparency.Scenarios;

namespace S3Overlay.Tests.Transparency;

/// <summary>The conversations that both sides have, by name.</summary>
public static class Scenario
{
    public static IReadOnlyDictionary<string, Func<Side, Task>> All { get; } = new Dictionary<string, Func<Side, Task>>
    {
        ["objects"] = ObjectScenarios.ObjectsAsync,
        ["headers of objects"] = ObjectScenarios.HeadersAsync,
        ["awkward keys"] = ObjectScenarios.KeysAsync,
        ["checksums"] = ObjectScenarios.ChecksumsAsync,
        ["ranges"] = ReadScenarios.RangesAsync,
        ["conditions"] = ReadScenarios.ConditionsAsync,
        ["replaced headers"] = ReadScenarios.ReplacedHeadersAsync,
        ["listings"] = ListingScenarios.ListingsAsync,
        ["listings of versions and uploads"] = ListingScenarios.OthersAsync,
        ["multipart uploads"] = MultipartScenarios.UploadsAsync,
        ["bad multipart uploads"] = MultipartScenarios.BadUploadsAsync,
        ["copies"] = CopyScenarios.CopiesAsync,
        ["versions"] = VersionScenarios.VersionsAsync,
        ["locks"] = VersionScenarios.LocksAsync,
        ["tags"] = ConfigurationScenarios.TagsAsync,
        ["access control lists"] = ConfigurationScenarios.AccessAsync,
        ["configurations"] = ConfigurationScenarios.ConfigurationsAsync,
        ["websites"] = ConfigurationScenarios.WebsitesAsync,
        ["other origins"] = ConfigurationScenarios.OriginsAsync,
        ["buckets"] = BucketScenarios.BucketsAsync,
        ["deletes"] = BucketScenarios.DeletesAsync,
        ["encryption"] = EncryptionScenarios.EncryptionAsync,
        ["links"] = SignatureScenarios.LinksAsync,
        ["unsigned requests"] = SignatureScenarios.UnsignedAsync,
        ["refused signatures"] = SignatureScenarios.RefusedAsync,
        ["framed bodies"] = BodyScenarios.FramedAsync,
        ["bodies that wait"] = BodyScenarios.WaitingAsync,
        ["bad input"] = BodyScenarios.BadInputAsync,
    };
}
