"""Deck 0's program, as it stands there but for its first lines, which name this package.

The deck leaves out the loss function, the optimiser and the numbers of samples: they are the lines below its
`num_epochs`, in the deck's names.
"""

import autograd as torch
import nn
from nn import datasets
from nn.data import DataLoader
from nn.datasets import ToTensor

train_data = datasets.FashionMNIST(
    root="data",
    train=True,
    download=True,
    transform=ToTensor(),
)

test_data = datasets.FashionMNIST(
    root="data",
    train=False,
    download=True,
    transform=ToTensor(),
)

batch_size = 64

# Create data loaders (lists of batches)
train_dataloader = DataLoader(train_data, batch_size=batch_size)
test_dataloader = DataLoader(test_data, batch_size=batch_size)

class MyNeuralNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.linear_relu_stack = nn.Sequential( 
            nn.Linear(28*28, 512), # Flatten 28x28 image
            nn.ReLU(),             # ReLU activation function (instead of Sigmoid)
            nn.Linear(512, 512),   # 512 hidden units
            nn.ReLU(),             # ReLU activation function
            nn.Linear(512, 10)     # 10 output units
        )

    def forward(self, x):
        x = self.flatten(x)
        logits = self.linear_relu_stack(x)
        return logits

model = MyNeuralNetwork().to("cpu")
print(model)

num_epochs = 10

loss_fn = nn.CrossEntropyLoss()
optimizer = nn.optim.Adam(model.parameters())
num_test_samples = len(test_data)
dataloader = train_dataloader

for epoch in range(num_epochs):
    # Train the Model
    model.train() # Set model to training mode
    for X, y in dataloader: # Iterate over the training batches
        X = X.to("cpu")
        y = y.to("cpu")

        # Compute prediction error for the batch
        pred = model(X)
        loss = loss_fn(pred, y)

        # Backpropagation
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    # Test the Model
    model.eval() # Set model to evaluation mode
    total_loss = 0 # Total loss for the test set
    num_correct = 0 # Number of correct predictions
    with torch.no_grad():
        for X, y in test_dataloader: # Iterate over the test batches
            X = X.to("cpu")
            y = y.to("cpu")

            pred = model(X) # Compute prediction
            
            # Compute loss and accuracy for the batch
            total_loss += loss_fn(pred, y).item()
            num_correct += (pred.argmax(1) == y).type(torch.float).sum().item()

    # Compute average loss and accuracy
    avg_loss = total_loss / num_test_samples
    accuracy = num_correct / num_test_samples

print("Model is done!")
