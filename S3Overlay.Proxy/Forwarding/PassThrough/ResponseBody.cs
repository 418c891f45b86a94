using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// The body of a store's answer on its way to the client. A small one goes out in one piece with its head, once it is whole: one that
/// breaks off is an error then, where of a large one a part has gone out. Of a large one, what is there goes out together, and what came
/// before a pause of the store's while the pause lasts.
/// </summary>
internal static class ResponseBody
{
    private const int PieceSize = 256 << 10;

    /// <summary>What a connection carries at once, so that the client has its first byte no later for waiting.</summary>
    private const int Small = 64 << 10;

    /// <summary>Sends it, to its end.</summary>
    /// <exception cref="IOException">The store broke off.</exception>
    /// <exception cref="OperationCanceledException">The store took too long, or the client has gone.</exception>
    public static async Task SendAsync(Stream source, S3Response answer, ForwardingSettings settings, SilenceTimeout patience,
        CancellationToken cancellationToken)
    {
        var left = answer.Headers.ContentLength ?? long.MaxValue;
        var unsent = 0;

        // From here on the store's time is counted only while it is waited for: what the client takes is no fault of its.
        patience.Unlimited();
        if (left is > 0 and <= Small)
        {
            await SendWholeAsync((int)left);
            left = 0;
        }

        while (left > 0)
        {
            if (unsent > 0 && !await WaitAsync(unsent))
            {
                return;
            }

            var memory = answer.Body.GetMemory((int)Math.Min(left, PieceSize));
            var read = await ReadAsync(source.ReadAsync(memory[..(int)Math.Min(left, memory.Length)], patience.Token));
            if (read == 0)
            {
                if (left < long.MaxValue / 2)
                {
                    throw new IOException("The store's answer ended early.");
                }

                break;
            }

            answer.Advance(read);
            settings.Endpoint.Meters?.BytesReceived(read);
            (left, unsent) = (left - read, unsent + read);
        }

        // The server does not see to it where the answer has begun and its connection stays open.
        await answer.FlushAsync(cancellationToken);

        async ValueTask SendWholeAsync(int length)
        {
            var memory = answer.Body.GetMemory(length);
            for (var have = 0; have < length;)
            {
                var read = await ReadAsync(source.ReadAsync(memory[have..length], patience.Token));
                have += read > 0 ? read : throw new IOException("The store's answer ended early.");
            }

            answer.Advance(length);
            settings.Endpoint.Meters?.BytesReceived(length);
        }

        // Until there is more, and sends what there is if that takes time. False where the client has gone.
        async ValueTask<bool> WaitAsync(int bytes)
        {
            // A read of nothing waits for bytes and takes none, so that the memory which they will come into is not in use while others are
            // sent.
            var waiting = bytes < PieceSize ? source.ReadAsync(Memory<byte>.Empty, patience.Token) : default;
            if (bytes >= PieceSize || !waiting.IsCompleted)
            {
                var isOpen = false;
                try
                {
                    isOpen = await answer.FlushAsync(cancellationToken);
                    unsent = 0;
                }
                finally
                {
                    if (!isOpen)
                    {
                        patience.End();
                        await ((Task)waiting.AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    }
                }

                if (!isOpen)
                {
                    return false;
                }
            }

            await ReadAsync(waiting);
            return true;
        }

        async ValueTask<int> ReadAsync(ValueTask<int> reading)
        {
            if (reading.IsCompleted)
            {
                return await reading;
            }

            patience.Limit(settings.StallTimeout);
            var read = await reading;
            patience.Unlimited();
            return read;
        }
    }
}
