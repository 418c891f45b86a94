using System.Globalization;
using System.Text.RegularExpressions;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model.Versions;

/// <summary>What reads of one version show.</summary>
internal sealed partial record VersionDetails(byte[] Bytes, string Meta, string Tags, ModelLock Lock, ModelAcl Acl)
{
    public static async Task<VersionDetails> ReadAsync(VersionScene scene, string bucket, string key, string id)
    {
        var query = "versionId=" + UriEncoding.EncodeComponent(id);
        var read = await GetAsync(scene, bucket, key, query);
        var tags = await GetAsync(scene, bucket, key, "tagging&" + query);
        var acl = (await GetAsync(scene, bucket, key, "acl&" + query)).Text;
        return new(
            read.Body, read.Headers.GetValueOrDefault(ObjectVersion.MetaHeader, ""),
            string.Join('&', Tag().Matches(tags.Text).Select(static tag => $"{tag.Groups[1].Value}={tag.Groups[2].Value}")),
            LockOf(read),
            acl.Contains("AllUsers", StringComparison.Ordinal) ? ModelAcl.PublicRead
                : acl.Contains("<ID>alt-id</ID>", StringComparison.Ordinal) ? ModelAcl.OtherReads : ModelAcl.Private);
    }

    /// <summary>Whether the version <c>null</c> is the remote's object. A listing does not show that.</summary>
    public static async Task<bool> IsOfRemoteAsync(VersionScene scene, string bucket, string key) =>
        (await GetAsync(scene, bucket, key, "versionId=null")).Headers.GetValueOrDefault("x-s3overlay-layer") != "local";

    /// <summary>The lock that the headers of a response show.</summary>
    public static ModelLock LockOf(RawResponse read) => new(
        read.Headers.GetValueOrDefault("x-amz-object-lock-mode"),
        read.Headers.GetValueOrDefault("x-amz-object-lock-retain-until-date") is { } until
            ? DateTimeOffset.Parse(until, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal) : null,
        read.Headers.GetValueOrDefault("x-amz-object-lock-legal-hold") is { } hold ? hold == "ON" : null);

    /// <summary>What is wrong if this is a version. Null for nothing.</summary>
    public string? Difference(ModelVersion version, bool hasAcls) =>
        !Bytes.AsSpan().SequenceEqual(version.Object!.Bytes) ? $"{version.Id} has other bytes"
        : Meta != version.Object.Meta ? $"{version.Id} has the metadata {Meta}"
        : Tags != version.Tags ? $"{version.Id} has the tags \"{Tags}\""
        : !IsSame(Lock, version.Lock) ? $"{version.Id} has the lock {Lock}"
        : Acl != (hasAcls ? version.Acl : ModelAcl.Private) ? $"{version.Id} has the ACL {Acl}"
        : null;

    /// <summary>A default retention begins at the write, of which the model knows the minute.</summary>
    private static bool IsSame(ModelLock lock1, ModelLock lock2) => lock1.Mode == lock2.Mode && lock1.Hold == lock2.Hold
        && (lock1.Until - lock2.Until is { } apart ? apart.Duration() < TimeSpan.FromMinutes(1) : lock1.Until == lock2.Until);

    private static async Task<RawResponse> GetAsync(VersionScene scene, string bucket, string key, string query)
    {
        var response = await scene.SendAsync(ModelCaller.Owner, "GET", bucket, key, query);
        Expect.That(response.Status == 200, $"GET {bucket}/{key}?{query}: {response.Status} {response.Text}");
        return response;
    }

    [GeneratedRegex("<Key>(.*?)</Key><Value>(.*?)</Value>")]
    private static partial Regex Tag();
}
