using System.Globalization;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model.Operations;

/// <summary>GET or HEAD of an object, or of a range of it.</summary>
/// <param name="First">The range's first byte. Null for a suffix range.</param>
/// <param name="Last">Its last byte, or the length of the suffix. Null for an open end.</param>
internal sealed record ReadObject(
    int Bucket, string Key, string Method, bool HasRange, int? First, int? Last, ModelCondition Condition,
    ModelDirective Directive = ModelDirective.None) : ModelOperation
{
    public override bool MayMakeForget => false;

    public override IEnumerable<ModelDoubt> MayLeave(ModelScene scene) =>
        [new(scene.Buckets[Bucket], Key, ModelEffect.Read)];

    public override async Task RunAsync(ModelScene scene)
    {
        var bucket = scene.Buckets[Bucket];
        var shown = scene.View.MayShow(bucket, Key, Directive);
        var (asked, began) = (scene.Trouble.Asked, scene.Now);
        var response = await scene.SendAsync(Method, bucket, Key, "", null,
            [.. Conditions.Header(Condition, shown), .. RangeHeader(), .. Directives.Header(Directive)]);
        if (!bucket.Exists)
        {
            Expect.NoBucket(response, scene);
            return;
        }

        if (bucket.IsDecidedHere(Key))
        {
            if (response.Status != 503 || !scene.View.MayBeUnknown(bucket, Key))
            {
                Expect.That(scene.Trouble.IsDown || asked == scene.Trouble.Asked, "The remote was asked, which has no say in this.");
                Check(scene, bucket, shown, response);
            }

            return;
        }

        // The reported origin is checked against the model before the model learns from it.
        var origin = new ReadOrigin(scene, bucket, Key, Directive, began, scene.Trouble.AskedSince(asked), response);
        if (origin.MayHaveGivenUp)
        {
            scene.Trouble.Suspect(scene.Proxy, bucket);
            shown = [.. shown.Concat(scene.View.MayShow(bucket, Key, Directive)).Distinct()];
        }

        origin.CheckStatus();
        if (response.Status == 504 || (response.Status == 503 && scene.View.MayBeUnknown(bucket, Key)))
        {
            return;
        }

        var found = Check(scene, bucket, shown, response);
        if (found is not null)
        {
            origin.Check(found);
        }

        // A proxy that knows some chunks need not know those that another one filled.
        origin.Learn(
            found,
            hasBody: Method == "GET" && response.Status is 200 or 206 && found?.Bytes.Length > 0,
            hasAll: found?.Bytes.Length <= ModelScene.ChunkThreshold || (response.Status == 200 && !scene.IsShared));
    }

    /// <summary>Checks a response against the allowed versions.</summary>
    /// <returns>The version it shows. Null if there is none or it is unknown.</returns>
    private ObjectVersion? Check(ModelScene scene, ModelBucket bucket, IReadOnlyList<ObjectVersion?> shown, RawResponse response)
    {
        Expect.Status(response, shown.Select(version => StatusOf(version, shown)));
        if (response.Status is 404 or 412 or 416)
        {
            return null;
        }

        var etag = response.Headers.GetValueOrDefault("ETag", "");
        var found = shown.FirstOrDefault(version => version?.ETag == etag && StatusOf(version, shown) == response.Status)
            ?? throw new Mismatch($"{response.Status} with the ETag {etag}, and what may show is {string.Join(" or ", shown)}.");
        if (response.Status == 304)
        {
            return found;
        }

        var (from, to) = Resolve(found.Bytes.Length) ?? (0, found.Bytes.Length - 1);
        Expect.Same((to - from + 1).ToString(CultureInfo.InvariantCulture), response.Headers.GetValueOrDefault("Content-Length", ""),
            "Content-Length");
        Expect.Same(found.Meta, response.Headers.GetValueOrDefault(ObjectVersion.MetaHeader, ""), ObjectVersion.MetaHeader);
        Expect.Same(found.Tags.Length == 0 ? "" : "1", response.Headers.GetValueOrDefault("x-amz-tagging-count", ""), "The number of tags");
        Expect.Same(
            response.Status == 206 ? $"bytes {from}-{to}/{found.Bytes.Length}"
                : "", response.Headers.GetValueOrDefault("Content-Range", ""), "Content-Range");
        var layer = response.Headers.GetValueOrDefault("x-s3overlay-layer", "");
        Expect.That(bucket.Written.ContainsKey(Key) == (layer == "local"), $"The layer is {layer}.");
        if (Method == "GET" && response.Body.Length < to - from + 1 && scene.MayEndEarly(bucket, Key, found))
        {
            // The first bytes were cached and the next ones are gone: the response is cut, and the entry is evicted (rule R7).
            Expect.That(found.Bytes.AsSpan(from).StartsWith(response.Body), $"The body does not begin as {found} does.");
            bucket.Evict(key => key == Key && !scene.Trouble.IsDown);
            return null;
        }

        Expect.That(
            Method == "HEAD" ? response.Body.Length == 0 : response.Body.AsSpan().SequenceEqual(found.Bytes.AsSpan(from, to - from + 1)),
            $"The body is not that of {found}: of {to - from + 1} bytes {response.Body.Length} came.");
        return found;
    }

    private int StatusOf(ObjectVersion? version, IReadOnlyList<ObjectVersion?> shown) =>
        version is null ? 404
        : Conditions.Read(Condition, version, shown, !HasRange ? 200 : Resolve(version.Bytes.Length) is null ? 416 : 206);

    private (string, string)[] RangeHeader() => HasRange ? [("Range", $"bytes={First}-{Last}")] : [];

    /// <summary>The bytes of the range in an object of this size. Null if there are none or no range was requested.</summary>
    private (int First, int Last)? Resolve(int size) =>
        !HasRange ? null
        : First is { } first ? first < size ? (first, Math.Min(Last ?? int.MaxValue, size - 1)) : null
        : Last > 0 && size > 0 ? (Math.Max(0, size - Last.Value), size - 1) : null;
}
