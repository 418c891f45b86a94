using System.Collections.Immutable;
using System.Text;

namespace S3Overlay.Tests.Model.Versions.Steps;

/// <summary>PutBucketLifecycleConfiguration, or its delete if there are no rules.</summary>
internal sealed record SetLifecycle(int Bucket, ImmutableList<ModelRule> Rules) : RequestStep(Bucket)
{
    protected override ModelRequest Request(VersionScene scene, VersionedBucket bucket) => Rules.IsEmpty
        ? new("DELETE", null, "lifecycle")
        : new("PUT", null, "lifecycle") { Body = Encoding.ASCII.GetBytes(BucketFacts.LifecycleXml(new() { Rules = Rules })) };

    protected override ModelOutcome Outcome(VersionScene scene, VersionedBucket bucket) => new(
        Rules.IsEmpty ? 204 : 200, "", bucket with { Lifecycle = bucket.Lifecycle with
        {
            Rules = Rules, IsDue = bucket.Lifecycle.IsDue || !Rules.SequenceEqual(bucket.Lifecycle.Rules),
        } });

    public override string ToString() =>
        $"SetLifecycle {{ Bucket = {Bucket}, Rules = {string.Concat(Rules.Select(static (rule, i) => rule.Xml(i)))} }}";
}
