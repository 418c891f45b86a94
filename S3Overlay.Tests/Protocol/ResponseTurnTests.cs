using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Protocol;

/// <summary>A client that reads as fast as we send never makes a response wait. Other connections need the thread too.</summary>
public class ResponseTurnTests
{
    private const int Piece = 512 * 1024;

    [Fact]
    public async Task A_large_response_leaves_its_thread_to_others_soon_and_then_every_few_MiB()
    {
        var response = new EagerResponse();
        var turns = await SendAsync(response, 64);
        Assert.Equal(1, turns[0]);
        Assert.True(turns.Count >= 8, $"It left its thread {turns.Count} times.");
        Assert.Equal(64L * Piece, response.Sent);
    }

    [Fact]
    public async Task A_small_response_keeps_its_thread() =>
        Assert.Empty(await SendAsync(new EagerResponse(), pieces: 1, size: 256 * 1024));

    /// <summary>Sends pieces.</summary>
    /// <returns>The number of each piece after which the response let others run.</returns>
    private static async Task<List<int>> SendAsync(EagerResponse response, int pieces, int size = Piece)
    {
        List<int> turns = [];
        for (var i = 1; i <= pieces; i++)
        {
            _ = response.Body.GetMemory(size);
            response.Advance(size);
            Assert.True(await Flush(i).ConfigureAwait(false));
        }

        return turns;

        // A yield posts to the context of its caller.
        ValueTask<bool> Flush(int piece)
        {
            var before = SynchronizationContext.Current;
            var posts = new Posts();
            SynchronizationContext.SetSynchronizationContext(posts);
            try
            {
                return response.FlushAsync(CancellationToken.None);
            }
            finally
            {
                SynchronizationContext.SetSynchronizationContext(before);
                if (posts.Count > 0)
                {
                    turns.Add(piece);
                }
            }
        }
    }

    private sealed class Posts : SynchronizationContext
    {
        public int Count { get; private set; }

        public override void Post(SendOrPostCallback d, object? state)
        {
            Count++;
            base.Post(d, state);
        }
    }

    private sealed class EagerResponse : SinkResponse
    {
        protected override ValueTask TakeAsync(ReadOnlyMemory<byte> piece, CancellationToken cancellationToken) => default;
    }
}
