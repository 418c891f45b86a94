using System.Text;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Failures;

/// <summary>One request of each kind that needs the store.</summary>
internal static class StoreRequests
{
    private static readonly string Large = new('x', 300_000);

    /// <summary>Their names; keys and buckets are those of <see cref="PrepareAsync"/>.</summary>
    public static readonly string[] Names =
    [
        "get", "range", "head", "get absent", "head absent", "tags", "put", "put large", "form", "start upload", "part", "complete",
        "abort", "list", "list v1",
        "delete", "delete many", "copy", "copy absent", "head bucket", "create bucket", "delete bucket", "list buckets",
    ];

    /// <summary>
    /// Makes the bucket <c>bucket</c> with the objects <c>written</c> and <c>doomed</c>, and remembers both in the proxy.
    /// </summary>
    public static async Task PrepareAsync(StoreScene scene)
    {
        if (scene.Remote is not null)
        {
            scene.Remote.Put("bucket", "remote", "of the remote"u8.ToArray());
        }

        await scene.Proxy.SendAsync("PUT", "/bucket");
        Assert.Equal(200, (await scene.Proxy.SendAsync("PUT", "/bucket/written", Large)).Status);
        Assert.Equal(200, (await scene.Proxy.SendAsync("PUT", "/bucket/doomed", "v")).Status);
        Assert.Equal(200, (await scene.Proxy.SendAsync("HEAD", "/bucket/written")).Status);
    }

    /// <summary>Sends one, and lets time pass until the response.</summary>
    public static Task<RawResponse> SendAsync(StoreScene scene, string name) => name switch
    {
        "get" => scene.SendAsync("GET", "/bucket/written"),
        "range" => scene.SendAsync("GET", "/bucket/written", null, ("Range", "bytes=10-200000")),
        "head" => scene.SendAsync("HEAD", "/bucket/written"),
        "get absent" => scene.SendAsync("GET", "/bucket/absent"),
        "head absent" => scene.SendAsync("HEAD", "/bucket/absent"),
        "tags" => scene.SendAsync("GET", "/bucket/written?tagging"),
        "put" => scene.SendAsync("PUT", "/bucket/put", "small"),
        "put large" => scene.SendAsync("PUT", "/bucket/put", Large),
        "form" => scene.SendAsync("POST", "/bucket", Encoding.UTF8.GetString(
            new UploadForm { File = Encoding.UTF8.GetBytes(Large) }.With("key", "put").ToBytes()), UploadForm.ContentType),
        "start upload" => scene.SendAsync("POST", "/bucket/upload?uploads"),
        "part" => scene.SendAsync("PUT", "/bucket/upload?partNumber=1&uploadId=none", Large),
        "complete" => scene.SendAsync("POST", "/bucket/upload?uploadId=none",
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>e</ETag></Part></CompleteMultipartUpload>"),
        "abort" => scene.SendAsync("DELETE", "/bucket/upload?uploadId=none"),
        "list" => scene.SendAsync("GET", "/bucket?list-type=2"),
        "list v1" => scene.SendAsync("GET", "/bucket"),
        "delete" => scene.SendAsync("DELETE", "/bucket/doomed"),
        "delete many" => DeleteManyAsync(scene, "doomed", "other"),
        "copy" => scene.SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", "/bucket/written")),
        "copy absent" => scene.SendAsync("PUT", "/bucket/copy", null, ("x-amz-copy-source", "/bucket/remote")),
        "head bucket" => scene.SendAsync("HEAD", "/bucket"),
        "create bucket" => scene.SendAsync("PUT", "/another"),
        "delete bucket" => scene.SendAsync("DELETE", "/another"),
        "list buckets" => scene.SendAsync("GET", "/"),
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    };

    private static Task<RawResponse> DeleteManyAsync(StoreScene scene, params string[] keys)
    {
        var document = $"<Delete>{string.Concat(keys.Select(key => $"<Object><Key>{key}</Key></Object>"))}</Delete>";
        var md5 = Convert.ToBase64String(System.Security.Cryptography.MD5.HashData(Encoding.UTF8.GetBytes(document)));
        return scene.SendAsync("POST", "/bucket?delete", document, ("Content-MD5", md5));
    }
}
