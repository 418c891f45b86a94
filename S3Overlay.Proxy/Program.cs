using S3Overlay.Proxy.Hosting;
using S3Overlay.Proxy.Hosting.Commands;

// The runtime reads this before the first socket exists.
KestrelSettings.ApplyToProcess();
return await CommandLine.RunAsync(args, Console.Out, Console.Error);
