using S3Overlay.Proxy.Embedded;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Model;

/// <summary>Random requests to the overlay and to its simplest model: one bucket that started with the remote's objects.</summary>
public sealed class OverlayModelTests
{
    private static readonly string[] Keys = ["a", "a/", "a/b", "a/b/c", "b", "x//y", "100%", "é", "\U0001F600", "\uFFFD"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task The_overlay_is_one_bucket(int seed)
    {
        await RunAsync(new Random(seed), new OverlayBench { HasRealReader = seed % 2 == 0 }, 400);
    }

    [Theory]
    [InlineData(6)]
    [InlineData(7)]
    public async Task The_overlay_over_the_embedded_store_is_one_bucket_too(int seed)
    {
        using var folder = new TemporaryFolder();
        await using var store = await EmbeddedStore.OpenAsync(new EmbeddedOptions { Folder = folder.Path, IsDurable = false });
        await RunAsync(new Random(seed), new OverlayBench { HasRealReader = true, Store = store }, 300);
    }

    private static async Task RunAsync(Random random, OverlayBench bench, int steps)
    {
        var model = new SortedDictionary<string, string>(Utf8Order.Instance);
        foreach (var key in Keys.Where(_ => random.Next(2) == 0))
        {
            bench.Remote.Put("below", key, model[key] = "remote " + key);
        }

        for (var step = 0; step < steps; step++)
        {
            await StepAsync(random, bench, model, Keys[random.Next(Keys.Length)], $"step {step}");
        }
    }

    private static async Task StepAsync(Random random, OverlayBench bench, SortedDictionary<string, string> model, string key, string text)
    {
        var current = model.GetValueOrDefault(key);
        switch (random.Next(9))
        {
            case 0:
                await bench.SendAsync(S3Operation.PutObject, "mapped", key, text);
                model[key] = text;
                break;
            case 1:
                await bench.SendAsync(S3Operation.DeleteObject, "mapped", key);
                model.Remove(key);
                break;
            case 2:
                var doomed = Keys.Where(_ => random.Next(4) == 0).Append(key).Distinct().ToList();
                await bench.SendAsync(
                    S3Operation.DeleteObjects, "mapped",
                    text: $"<Delete>{string.Concat(doomed.Select(k => $"<Object><Key>{k}</Key></Object>"))}</Delete>");
                doomed.ForEach(k => model.Remove(k));
                break;
            case 3:
                var source = Keys[random.Next(Keys.Length)];
                var from = ("x-amz-copy-source", "mapped/" + UriEncoding.EncodeKey(source));
                await ExpectAsync(model.ContainsKey(source) ? 200 : 404, () => bench.SendAsync(
                    S3Operation.CopyObject, "mapped", key, headers: [from, ("x-amz-metadata-directive", "REPLACE")]));
                if (model.TryGetValue(source, out var copied))
                {
                    model[key] = copied;
                }

                break;
            case 4:
                await ExpectAsync(
                    current is null ? 200 : 412, () =>
                        bench.SendAsync(S3Operation.PutObject, "mapped", key, text, headers: ("If-None-Match", "*")));
                model.TryAdd(key, text);
                break;
            case 5:
                await ExpectAsync(
                    current is null ? 404 : 200, () =>
                        bench.SendAsync(S3Operation.PutObject, "mapped", key, text, headers: ("If-Match", ETag(current ?? ""))));
                if (current is not null)
                {
                    model[key] = text;
                }

                break;
            case 6:
                await ExpectAsync(
                    current is null ? 404 : 412, () =>
                        bench.SendAsync(S3Operation.DeleteObject, "mapped", key, headers: ("If-Match", "\"other\"")));
                break;
            case 7:
                await ExpectAsync(current is null ? 404 : 200, () => bench.SendAsync(S3Operation.GetObject, "mapped", key));
                Assert.Equal(current, current is null ? null : await bench.GetAsync("mapped", key));
                break;
            default:
                Assert.Equal(model.Keys, await bench.ListAsync("mapped"));
                break;
        }
    }

    private static async Task ExpectAsync(int status, Func<Task<BufferedResponse>> send)
    {
        int actual;
        try
        {
            actual = (await send()).Status;
        }
        catch (S3Exception failure)
        {
            actual = failure.Error.Status;
        }

        Assert.Equal(status, actual);
    }

    private static string ETag(string text) =>
        Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(System.Text.Encoding.UTF8.GetBytes(text)));
}
