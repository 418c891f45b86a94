using System.Globalization;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model.Operations;

/// <summary>
/// GET or HEAD of a part of an object (rules R8, T1). For remote-owned keys the remote is always asked, even if the key is cached.
/// </summary>
internal sealed record ReadPart(int Bucket, string Key, string Method, int Number, ModelCondition Condition, ModelDirective Directive)
    : ModelOperation
{
    public override bool MayMakeForget => false;

    public override IEnumerable<ModelDoubt> MayLeave(ModelScene scene) =>
        [new(scene.Buckets[Bucket], Key, ModelEffect.Read)];

    public override async Task RunAsync(ModelScene scene)
    {
        var bucket = scene.Buckets[Bucket];
        var isDecided = bucket.IsDecidedHere(Key);
        IReadOnlyList<ObjectVersion?> shown = [isDecided ? bucket.Written.GetValueOrDefault(Key) : bucket.Remote.GetValueOrDefault(Key)];
        var asked = scene.Trouble.Asked;
        var response = await scene.SendAsync(Method, bucket, Key, $"partNumber={Number}", null,
            [.. Conditions.Header(Condition, shown), .. Directives.Header(Directive)]);
        if (!bucket.Exists)
        {
            Expect.NoBucket(response, scene);
            return;
        }

        var says = scene.Freshness.Heeds(Directive) && !isDecided ? Directive : ModelDirective.None;
        var copies = bucket.EntriesOf(Key);
        var (mayHaveDrifted, hasDrifted) = scene.Freshness.Cache != ModelCache.Frozen || isDecided ? (false, false)
            : (copies.Possible.Keys.Any(version => version != shown[0]), copies.Certain is { } copy && copy.Version != shown[0]);
        if (response.Status == 503 && (scene.View.MayBeUnknown(bucket, Key) || mayHaveDrifted))
        {
            return;
        }

        Expect.That(!hasDrifted, $"{response.Status}, and what is held is {copies.Certain}, which the remote has no more.");
        if (says == ModelDirective.OnlyIfCached)
        {
            Expect.Status(response, 504);
            Expect.That(scene.Trouble.Asked == asked, "The remote was asked, and only a copy was wanted.");
            return;
        }

        Check(scene, bucket, shown, isDecided, response);
        if (isDecided)
        {
            Expect.That(scene.Trouble.IsDown || asked == scene.Trouble.Asked, "The remote was asked, which has no say in this.");
        }
        else if (says == ModelDirective.None)
        {
            Learn(scene, copies, shown[0]);
        }
    }

    private void Check(ModelScene scene, ModelBucket bucket, IReadOnlyList<ObjectVersion?> shown, bool isDecided, RawResponse response)
    {
        var version = shown[0];
        var part = version?.Part(Number);
        Expect.Status(response, Statuses(version, part, shown, isDecided));
        if (response.Status == 416)
        {
            Expect.That(Method == "HEAD" || response.Code == "InvalidPartNumber", $"416 {response.Code}");
        }

        if (version is null || response.Status is 412 or 416)
        {
            return;
        }

        Expect.Same(version.ETag, response.Headers.GetValueOrDefault("ETag", ""), "The ETag");
        Expect.Same(isDecided ? "local" : "remote", response.Headers.GetValueOrDefault("x-s3overlay-layer", ""), "The layer");
        Expect.Same(isDecided ? "" : "BYPASS", response.Headers.GetValueOrDefault("x-cache", ""), "x-cache");
        if (response.Status == 304 || part is not var (first, length))
        {
            return;
        }

        static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
        Expect.Same(Text(length), response.Headers.GetValueOrDefault("Content-Length", ""), "Content-Length");
        Expect.Same(length == 0 ? "" : $"bytes {first}-{first + length - 1}/{version.Bytes.Length}",
            response.Headers.GetValueOrDefault("Content-Range", ""), "Content-Range");
        Expect.Same(version.Parts.Count == 0 ? "" : Text(version.Parts.Count),
            response.Headers.GetValueOrDefault("x-amz-mp-parts-count", ""),
            "x-amz-mp-parts-count");
        Expect.Same(version.Meta, response.Headers.GetValueOrDefault(ObjectVersion.MetaHeader, ""), ObjectVersion.MetaHeader);
        Expect.That(
            Method == "HEAD" ? response.Body.Length == 0 : response.Body.AsSpan().SequenceEqual(version.Bytes.AsSpan(first, length)),
            $"The body is not that part of {version}: of {length} bytes {response.Body.Length} came.");
    }

    /// <summary>The possible statuses. If the part does not exist and a condition fails too, either may be reported.</summary>
    private IEnumerable<int> Statuses(ObjectVersion? version, (int First, int Length)? part, IReadOnlyList<ObjectVersion?> shown,
        bool isDecided) =>
        version is null ? [404]
        : part is var (_, length) ? [Conditions.Read(Condition, version, shown, length == 0 ? 200 : 206)]
        : isDecided ? [Conditions.Read(Condition, version, shown, 416)]
        : [Conditions.Read(Condition, version, shown, 416), 416];

    /// <summary>An entry of another version is gone: parts and whole objects are of one version.</summary>
    private static void Learn(ModelScene scene, ModelEntries copies, ObjectVersion? current)
    {
        if (copies.Certain is not { } copy || copy.Version == current
            || scene.Freshness.Cache is not (ModelCache.Believed or ModelCache.ForAWhile))
        {
            return;
        }

        if (!scene.IsShared && !scene.MayNotKeep && scene.Freshness.IsBelieved(copy.ValidatedFrom, scene.Now))
        {
            copies.IsAtMost(null, scene.Now);
        }
        else
        {
            copies.Doubt();
        }
    }
}
