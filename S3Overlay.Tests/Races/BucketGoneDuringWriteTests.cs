using System.Net.Sockets;
using System.Text;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Races;

/// <summary>
/// A bucket is deleted, and perhaps made again, during an upload into it. What is acknowledged is there, and what is refused is not (rule
/// B4). The delete comes before the first byte of the body, in the middle, and before its last byte.
/// </summary>
[Trait("Rule", "B4")]
public sealed class BucketGoneDuringWriteTests
{
    private const int Length = 200_000;

    public static TheoryData<string, bool, int, bool> Interleavings()
    {
        var data = new TheoryData<string, bool, int, bool>();
        foreach (var local in (string[])["embedded", "store"])
        {
            foreach (var hasRemote in (bool[])[false, true])
            {
                foreach (var sent in (int[])[0, 1, Length / 2, Length - 1])
                {
                    data.Add(local, hasRemote, sent, false);
                    data.Add(local, hasRemote, sent, true);
                }
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Interleavings))]
    public async Task What_is_acknowledged_is_there_and_what_is_refused_is_not(string local, bool hasRemote, int sent, bool isMadeAnew)
    {
        await using var remote = hasRemote ? await ScriptedRemote.StartAsync() : null;
        remote?.AddBucket("bucket");
        await using var store = local == "store" ? await StoreServer.StartAsync() : null;
        await using var proxy = await OverlayHost.StartAsync(store?.Endpoint, remote?.Endpoint);
        if (!hasRemote)
        {
            Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket")).Status);
        }

        var body = new byte[Length];
        Array.Fill(body, (byte)'x');
        var request = proxy.Http.Signed("PUT", "/bucket/key", body, ("Expect", "100-continue"));
        var head = request.Length - Length;
        using var limit = new CancellationTokenSource(Patience.Limit);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(proxy.Endpoint.Host, proxy.Endpoint.Port, limit.Token);
        await socket.SendAsync(request.AsMemory(0, head), limit.Token);
        var response = new MemoryStream();

        // The body is called for once the write has begun.
        await ReceiveAsync(() => response.Length > 0);
        Assert.StartsWith("HTTP/1.1 100", Encoding.Latin1.GetString(response.ToArray()), StringComparison.Ordinal);
        response.SetLength(0);
        await socket.SendAsync(request.AsMemory(head, sent), limit.Token);
        var deleted = (await proxy.SendAsync("DELETE", "/bucket")).Status;
        Assert.True(deleted is 204 or 409, $"{deleted}");
        if (isMadeAnew && deleted == 204)
        {
            Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket")).Status);
        }

        await socket.SendAsync(request.AsMemory(head + sent), limit.Token);
        await ReceiveAsync(static () => false);
        var put = RawResponse.Parse(response.ToArray());
        var got = await proxy.SendAsync("GET", "/bucket/key");
        if (put.Status == 200)
        {
            Assert.Equal((200, Length), (got.Status, got.Body.Length));
        }
        else
        {
            Assert.Equal((404, "NoSuchBucket"), (put.Status, put.Code));
            Assert.Equal(404, got.Status);
        }

        async Task ReceiveAsync(Func<bool> isEnough)
        {
            var buffer = new byte[4096];
            while (!isEnough() && await socket.ReceiveAsync(buffer, limit.Token) is > 0 and var read)
            {
                response.Write(buffer.AsSpan(0, read));
            }
        }
    }
}
