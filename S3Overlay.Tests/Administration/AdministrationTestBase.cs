using System.Text.Json;

using Amazon.S3;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration;

/// <summary>Administration calls to a running proxy, over a remote that is another one.</summary>
public abstract class AdministrationTestBase<TFixture>(TFixture fixture) : IClassFixture<TFixture>
    where TFixture : OverlayFixture
{
    protected TFixture Fixture => fixture;

    /// <summary>Requests to the overlay as they are on the wire.</summary>
    protected SignedHttp Http => new(fixture.Proxy.Endpoint);

    /// <summary>A bucket of the remote with objects in it.</summary>
    protected async Task<string> NewBucketAsync(params string[] keys)
    {
        var bucket = await fixture.NewRemoteBucketAsync();
        foreach (var key in keys)
        {
            await PutRemoteAsync(bucket, key);
        }

        return bucket;
    }

    protected Task PutRemoteAsync(string bucket, string key, string text = "remote") =>
        fixture.RemoteS3.PutObjectAsync(new() { BucketName = bucket, Key = key, ContentBody = text });

    /// <summary>Makes a call, and returns the last line of the response.</summary>
    protected async Task<JsonElement> CallAsync(string method, string call, params (string Name, string Value)[] parameters)
    {
        var response = await Http.SendAsync(method, Target(call, parameters));
        Assert.True(response.Status == 200, response.Text);
        return Last(response);
    }

    /// <summary>Makes a call that is refused.</summary>
    protected async Task<(int Status, string Code)> RefusedAsync(string method, string call,
        params (string Name, string Value)[] parameters)
    {
        var response = await Http.SendAsync(method, Target(call, parameters));
        return (response.Status, Last(response).GetProperty("code").GetString()!);
    }

    /// <summary>The target of a call.</summary>
    protected static string Target(string call, params (string Name, string Value)[] parameters) =>
        "/-/v1/" + call + (parameters.Length == 0 ? "" : "?")
        + string.Join('&', parameters.Select(parameter => $"{parameter.Name}={UriEncoding.EncodeComponent(parameter.Value)}"));

    /// <summary>The last line of a response.</summary>
    protected static JsonElement Last(RawResponse response) => JsonDocument.Parse(response.Text.TrimEnd('\n').Split('\n')[^1]).RootElement;

    /// <summary>The text that a client reads at a key. Null if there is none.</summary>
    protected async Task<string?> SeenAsync(string bucket, string key)
    {
        var response = await Http.SendAsync("GET", $"/{bucket}/{UriEncoding.EncodeKey(key)}");
        return response.Status == 200 ? response.Text : response.Code == "NoSuchKey" || response.Code == "NoSuchBucket" ? null
            : throw new InvalidOperationException(response.Text);
    }

    /// <summary>The keys that a client lists.</summary>
    protected async Task<string[]> ListedAsync(string bucket) =>
        [.. (await fixture.S3.ListObjectsV2Async(new() { BucketName = bucket })).S3Objects?.Select(row => row.Key) ?? []];

    /// <summary>The layer that served a read.</summary>
    protected async Task<string> LayerAsync(string bucket, string key) =>
        (await Http.SendAsync("GET", $"/{bucket}/{UriEncoding.EncodeKey(key)}")).Headers["x-s3overlay-layer"];
}
