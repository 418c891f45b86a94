using System.Globalization;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model.Operations;

/// <summary>GET or HEAD of an object, or of a range of it.</summary>
/// <param name="First">The range's first byte; null where it is counted from the end.</param>
/// <param name="Last">Its last byte, or how many from the end; null for all that follows.</param>
internal sealed record ReadObject(int Bucket, string Key, string Method, bool HasRange, int? First, int? Last, ModelCondition Condition) : ModelOperation
{
    /// <inheritdoc/>
    public override async Task RunAsync(ModelScene scene)
    {
        var bucket = scene.Buckets[Bucket];
        var shown = scene.MayShow(bucket, Key);
        var asked = scene.Trouble.Asked;
        var answer = await scene.SendAsync(Method, bucket, Key, "", null, [.. Conditions.Header(Condition, shown), .. RangeHeader()]);
        if (!bucket.Exists)
        {
            Expect.NoBucket(answer, scene);
            return;
        }

        if (answer.Status == 503 && scene.MayBeUnknown(bucket, Key))
        {
            return;
        }

        if (bucket.IsDecidedHere(Key) && !scene.Trouble.IsDown)
        {
            Expect.Same(asked, scene.Trouble.Asked, "The number of requests to the remote, which has no say in this,");
        }

        Check(scene, bucket, shown, answer);
    }

    private void Check(ModelScene scene, ModelBucket bucket, IReadOnlyList<ObjectVersion?> shown, RawAnswer answer)
    {
        Expect.Status(answer, shown.Select(version => StatusOf(version, shown)));
        if (answer.Status == 404)
        {
            bucket.Observe(Key, null);
            return;
        }

        if (answer.Status is 412 or 416)
        {
            bucket.MayHaveKept(Key);
            return;
        }

        var etag = answer.Headers.GetValueOrDefault("ETag", "");
        var found = shown.FirstOrDefault(version => version?.ETag == etag && StatusOf(version, shown) == answer.Status)
            ?? throw new Mismatch($"{answer.Status} with the ETag {etag}, and what may show is {string.Join(" or ", shown)}.");
        bucket.Observe(Key, found);
        if (answer.Status == 304)
        {
            return;
        }

        var (from, to) = Resolve(found.Bytes.Length) ?? (0, found.Bytes.Length - 1);
        Expect.Same((to - from + 1).ToString(CultureInfo.InvariantCulture), answer.Headers.GetValueOrDefault("Content-Length", ""), "Content-Length");
        Expect.Same(found.Meta, answer.Headers.GetValueOrDefault(ObjectVersion.MetaHeader, ""), ObjectVersion.MetaHeader);
        Expect.Same(
            answer.Status == 206 ? $"bytes {from}-{to}/{found.Bytes.Length}" : "", answer.Headers.GetValueOrDefault("Content-Range", ""), "Content-Range");
        Expect.That(
            Method == "HEAD" ? answer.Body.Length == 0 : answer.Body.AsSpan().SequenceEqual(found.Bytes.AsSpan(from, to - from + 1)),
            $"The body is not that of {found}.");
        var layer = answer.Headers.GetValueOrDefault("x-s3overlay-layer", "");
        Expect.That(bucket.Written.ContainsKey(Key) == (layer == "local"), $"The layer is {layer}.");
    }

    private int StatusOf(ObjectVersion? version, IReadOnlyList<ObjectVersion?> shown) =>
        version is null ? 404
        : Conditions.Read(Condition, version, shown, !HasRange ? 200 : Resolve(version.Bytes.Length) is null ? 416 : 206);

    private (string, string)[] RangeHeader() => HasRange ? [("Range", $"bytes={First}-{Last}")] : [];

    /// <summary>The bytes meant, of an object of this size; null where there are none of them, or no range was asked for.</summary>
    private (int First, int Last)? Resolve(int size) =>
        !HasRange ? null
        : First is { } first ? first < size ? (first, Math.Min(Last ?? int.MaxValue, size - 1)) : null
        : Last > 0 && size > 0 ? (Math.Max(0, size - Last.Value), size - 1) : null;
}
