using System.Xml.Linq;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Tests.Model.Operations;

/// <param name="Condition">The condition on the written key.</param>
internal sealed record CopyObject(int Bucket, string Key, int SourceBucket, string SourceKey, bool Replaces, ModelCondition OfSource,
    ModelCondition Condition) : ModelOperation
{
    public override IEnumerable<ModelDoubt> MayLeave(ModelScene scene) =>
        scene.View.MayShow(scene.Buckets[SourceBucket], SourceKey).OfType<ObjectVersion>()
            .Select(version => new ModelDoubt(scene.Buckets[Bucket], Key, ModelEffect.Written, CopyOf(version)))
            .Append(new ModelDoubt(scene.Buckets[SourceBucket], SourceKey, ModelEffect.Read));

    public override async Task RunAsync(ModelScene scene)
    {
        var (bucket, source) = (scene.Buckets[Bucket], scene.Buckets[SourceBucket]);
        IReadOnlyList<ObjectVersion?> shown = source.Exists ? scene.View.MayShow(source, SourceKey) : [null];
        var before = bucket.Exists ? scene.View.MayShow(bucket, Key, isExact: true) : [null];
        var directive = ("x-amz-metadata-directive", Replaces ? "REPLACE" : "COPY");
        var from = ("x-amz-copy-source", $"/{source.Name}/{UriEncoding.EncodeKey(SourceKey)}");

        // Replaced metadata follows from the bytes, of which there may be two versions.
        var meta = shown.FirstOrDefault(version => version is not null)?.Meta ?? "none";
        var replaces = Replaces && shown.Count(version => version is not null) == 1;
        var response = await scene.SendAsync(
            "PUT", bucket, Key, "", null,
            [from, .. replaces ? new[] { directive, (ObjectVersion.MetaHeader, meta) }
                : [], .. Conditions.OfSource(OfSource, shown), .. Conditions.Header(Condition, before)]);
        if (!bucket.Exists)
        {
            // If the copy cannot succeed, any of the reasons may be reported.
            var reasons = shown.Select(version => Conditions.Source(OfSource, version, shown, 404)).Append(404);
            Expect.Status(response, reasons.Concat(scene.MayRefuse || scene.View.MayBeUnknown(source, SourceKey) ? [503, 507] : []));
            return;
        }

        if (response.Status is 503 or 507
            && (scene.MayFailToWrite(bucket) || scene.View.MayBeUnknown(source, SourceKey)
                || (Condition != ModelCondition.None && scene.View.MayBeUnknown(bucket, Key))))
        {
            return;
        }

        source.MayHaveKept(SourceKey);
        var outcomes = shown.SelectMany(version => before.SelectMany(current => Outcomes(version, current, shown, before)));
        if (bucket == source && Key == SourceKey && !replaces)
        {
            // Nothing would change.
            Expect.Status(response, outcomes.Where(status => status != 200).Append(400));
            return;
        }

        Expect.Status(response, outcomes);
        if (response.Status == 200)
        {
            var etag = XElement.Parse(response.Text.Trim()).Elements().First(element => element.Name.LocalName == "ETag").Value;
            var copied = shown.FirstOrDefault(version => version is not null && ObjectVersion.Of(version.Bytes).ETag == etag)
                ?? throw new Mismatch($"The copy has the ETag {etag}, and what may be copied is {string.Join(" or ", shown)}.");
            bucket.Write(Key, CopyOf(copied));
        }
        else
        {
            bucket.MayHaveKept(Key);
        }
    }

    /// <summary>The copy of a version, whichever way its metadata arrived.</summary>
    private static ObjectVersion CopyOf(ObjectVersion version) =>
        ObjectVersion.Of(version.Bytes) with { Meta = version.Meta, Tags = version.Tags };

    /// <summary>The possible outcomes for this source and target. The order of the checks is not promised.</summary>
    private IEnumerable<int> Outcomes(ObjectVersion? version, ObjectVersion? current, IReadOnlyList<ObjectVersion?> shown,
        IReadOnlyList<ObjectVersion?> before)
    {
        var (ofSource, ofTarget) = (Conditions.Source(OfSource, version, shown, 200), Conditions.Write(Condition, current, before, 200));
        return (ofSource, ofTarget) switch
        {
            (200, _) => [ofTarget],
            (_, 200) => [ofSource],
            _ => [ofSource, ofTarget],
        };
    }
}
