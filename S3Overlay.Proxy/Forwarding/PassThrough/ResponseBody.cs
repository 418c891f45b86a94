using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// Sends a store's response body to the client. A small body is buffered and sent with its headers, so that a cut one is an error. A large
/// one is sent as it arrives; what arrived before a pause is sent during the pause.
/// </summary>
internal static class ResponseBody
{
    private const int PieceSize = 256 << 10;

    /// <summary>Small enough that buffering does not delay the first byte.</summary>
    private const int Small = 64 << 10;

    /// <summary>Sends the whole body.</summary>
    /// <exception cref="IOException">The body ended early.</exception>
    /// <exception cref="OperationCanceledException">The store was too slow, or the client disconnected.</exception>
    public static async Task SendAsync(Stream source, S3Response response, ForwardingSettings settings, SilenceTimeout patience)
    {
        var left = response.Headers.ContentLength ?? long.MaxValue;
        var unsent = 0;

        // From here on, only waiting for the store counts against its time limit.
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

            var memory = response.Body.GetMemory((int)Math.Min(left, PieceSize));
            var read = await ReadAsync(source.ReadAsync(memory[..(int)Math.Min(left, memory.Length)], patience.Token));
            if (read == 0)
            {
                if (left < long.MaxValue / 2)
                {
                    throw new IOException("The store's answer ended early.");
                }

                break;
            }

            response.Advance(read);
            settings.Endpoint.Meters?.BytesReceived(read);
            (left, unsent) = (left - read, unsent + read);
        }

        // The server does not flush a response that has begun on an open connection.
        await response.FlushAsync(patience.Client);

        async ValueTask SendWholeAsync(int length)
        {
            var memory = response.Body.GetMemory(length);
            for (var have = 0; have < length;)
            {
                var read = await ReadAsync(source.ReadAsync(memory[have..length], patience.Token));
                have += read > 0 ? read : throw new IOException("The store's answer ended early.");
            }

            response.Advance(length);
            settings.Endpoint.Meters?.BytesReceived(length);
        }

        // Waits for more bytes, and flushes pending ones if that takes time. False if the client disconnected.
        async ValueTask<bool> WaitAsync(int bytes)
        {
            // A zero-byte read waits without using the buffer, which is being sent.
            var waiting = bytes < PieceSize ? source.ReadAsync(Memory<byte>.Empty, patience.Token) : default;
            if (bytes >= PieceSize || !waiting.IsCompleted)
            {
                var isOpen = false;
                try
                {
                    isOpen = await response.FlushAsync(patience.Client);
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
